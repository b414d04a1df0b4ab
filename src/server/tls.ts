/** The files that TLS needs, checked before anything listens: uWebSockets.js does not say what is wrong with them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { rangeError } from '../runtime/validate.js';

/** In PEM; `certFile` may hold the certificates above the server's own, too. */
export interface TlsFiles {
  keyFile: string;
  certFile: string;
}

/** @throws RangeError for a file that cannot be read or parsed, or a key that is not the certificate's */
export async function checkTls({ keyFile, certFile }: TlsFiles): Promise<void> {
  const certificate = await parse(certFile, (pem) => new X509Certificate(pem)).catch(() => {
    throw rangeError('a certificate in PEM', 'tls.certFile', certFile);
  });
  const key = await parse(keyFile, (pem) => createPrivateKey(pem)).catch(() => {
    throw rangeError('a private key in PEM, without a passphrase,', 'tls.keyFile', keyFile);
  });
  if (!certificate.checkPrivateKey(key)) {
    throw rangeError(`the private key of ${certFile}`, 'tls.keyFile', keyFile);
  }
}

async function parse<T>(file: string, read: (pem: Buffer) => T): Promise<T> {
  return read(await readFile(file));
}
