import type { KafkaAddress } from './kafka-client.js';

const CERTIFICATE = /^(UNABLE_TO_|CERT_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Which setting to look at when a broker could not be used for `error`, as a sentence. */
export function kafkaHint(error: unknown, { ssl, sasl }: Pick<KafkaAddress, 'ssl' | 'sasl'>): string {
  const marks = marksOf(error);
  const has = (...wanted: string[]) => wanted.some((mark) => marks.includes(mark));
  if (has('KafkaJSSASLAuthenticationError', 'UNSUPPORTED_SASL_MECHANISM')) {
    return 'Are KAFKA_USERNAME and KAFKA_PASSWORD right, and is the user there for this KAFKA_SASL?';
  }
  if (has('ILLEGAL_SASL_STATE'))
    return 'This listener takes no SASL: unset KAFKA_SASL, or name the port of one that does';
  if (has('ERR_TLS_CERT_ALTNAME_INVALID')) {
    return 'Its certificate is for other names: say one of those in KAFKA_BROKERS, as the broker must of itself';
  }
  if (marks.some((mark) => CERTIFICATE.test(mark))) {
    return 'Nobody known here has signed its certificate: KAFKA_CA_FILE names the authority that has (PEM)';
  }
  const isCut = has('KafkaJSConnectionClosedError', 'ECONNRESET', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER');
  if (ssl) {
    if (!isCut) return 'Is it reachable from here?';
    const sign = sasl ? '' : ' If it does, it may want a user: KAFKA_SASL, KAFKA_USERNAME, KAFKA_PASSWORD';
    return `Does it speak TLS there? If not: KAFKA_SSL=off, or the port of its TLS listener.${sign}`;
  }
  return 'Is it reachable from here? A broker that wants TLS just closes the connection: then set KAFKA_SSL=on';
}

/** By what the client and Node tell errors apart, the causes' too. */
function marksOf(error: unknown): string[] {
  if (error instanceof AggregateError && error.errors.length > 0) return marksOf(error.errors[0]);
  if (!(error instanceof Error)) return [];
  const { name, code, type, cause } = error as Error & { code?: unknown; type?: unknown };
  return [name, code, type].filter((mark) => typeof mark === 'string').concat(marksOf(cause));
}
