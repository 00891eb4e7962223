import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key and a certificate that vouches for itself, for the loopback, made when a spec needs one and never kept. */
export interface OwnCertificate {
  keyFile: string;
  /** Also the authority by which it is trusted. */
  certificateFile: string;
  /** Key and certificate in one file. */
  bothFile: string;
  dispose(): void;
}

/** Throws when there is no `openssl`: such a test must not pass. */
export function ownCertificate(name = 'localhost', address = '127.0.0.1'): OwnCertificate {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-certificate-'));
  const [keyFile, certificateFile, bothFile] = ['key.pem', 'certificate.pem', 'both.pem'].map((file) =>
    join(dir, file),
  );
  const self = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${name}`];
  const names = ['-addext', `subjectAltName=DNS:${name},IP:${address}`];
  execFileSync('openssl', [...self, ...names, '-keyout', keyFile!, '-out', certificateFile!], { stdio: 'ignore' });
  const both = [keyFile!, certificateFile!].map((file) => readFileSync(file, 'utf8')).join('');
  writeFileSync(bothFile!, both, { mode: 0o600 });
  return {
    keyFile: keyFile!,
    certificateFile: certificateFile!,
    bothFile: bothFile!,
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
}
