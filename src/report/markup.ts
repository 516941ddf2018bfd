/** What stands in an element: text is escaped, markup is not. */
export type Child = Markup | string | number | null | readonly Child[];

/** Attributes by name; those that are null are left out. */
export type Attributes = Readonly<Record<string, string | number | null>>;

/** Text of HTML or XML that is well-formed; only `element` and `fragment` make it. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** The name, and the attributes' names, are ours; everything else may say anything. */
  static element(name: string, attributes: Attributes, children: readonly Child[]): Markup {
    const open = opening(name, attributes);
    return new Markup(VOID.has(name) ? open : `${open}${contents(children)}${closing(name)}`);
  }

  static fragment(children: readonly Child[]): Markup {
    return new Markup(contents(children));
  }
}

/** Elements of HTML that have no end. */
const VOID = new Set(['meta', 'br']);

/** An element. */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly Child[]
): Markup {
  return Markup.element(name, attributes, children);
}

/** The beginning of an element that is too large to be made in one piece. */
export function opening(name: string, attributes: Attributes): string {
  const given = Object.entries(attributes).map(([key, value]) =>
    value === null ? '' : ` ${key}="${escapeMarkup(String(value), true)}"`,
  );
  return `<${name}${given.join('')}>`;
}

/** The end of it. */
export function closing(name: string): string {
  return `</${name}>`;
}

/** Several of them. */
export function fragment(...children: readonly Child[]): Markup {
  return Markup.fragment(children);
}

function contents(children: readonly Child[]): string {
  return children.map(content).join('');
}

function content(child: Child): string {
  if (child === null) return '';
  if (child instanceof Markup) return child.text;
  if (typeof child === 'string') return escapeMarkup(child, false);
  return typeof child === 'number' ? String(child) : contents(child);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\t': '&#9;',
  '\n': '&#10;',
};

// What XML 1.0 has no place for, not even as a reference (section 2.2).
const NO_CHARACTER = /[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Blanks of attributes become references: XML would make spaces of them. */
function escapeMarkup(text: string, isAttribute: boolean): string {
  return text
    .replace(NO_CHARACTER, '\ufffd')
    .replace(isAttribute ? /[&<>"'\t\n]/g : /[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
