import { readFile } from 'node:fs/promises';
import { type Certificate, parseCertificate } from './certificate.ts';
import { codeOf, messageOf } from './text.ts';

/** A certificate in a file. */
export interface FiledCertificate {
  readonly file: string;
  readonly certificate: Certificate;
}

/** Certificates of a run: each file is read once. */
export class CertificateFiles {
  readonly #read = new Map<string, Promise<FiledCertificate | string | null>>();

  /** The certificate in a file, null when there is no such file, or a sentence that says what is wrong with it. */
  read(file: string): Promise<FiledCertificate | string | null> {
    const reading = this.#read.get(file) ?? readOne(file);
    this.#read.set(file, reading);
    return reading;
  }

  /** That of a private key, as ssh-keygen names it: `KEY-cert.pub`. */
  beside(keyFile: string): Promise<FiledCertificate | string | null> {
    return this.read(`${keyFile}-cert.pub`);
  }
}

async function readOne(file: string): Promise<FiledCertificate | string | null> {
  try {
    const certificate = parseCertificate(await readFile(file, 'utf8'));
    return certificate === null ? `${file} is not a certificate` : { file, certificate };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    return `cannot read the certificate ${file}: ${messageOf(error)}`;
  }
}
