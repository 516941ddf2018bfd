import type { Place } from './source-text.ts';

/** A text of the user's that is a template: what it comes to depends on the host. */
export class TemplateText {
  readonly text: string;
  readonly place: Place;

  constructor(text: string, place: Place) {
    this.text = text;
    this.place = place;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}
