/** Why there is no answer, in words that may be shown to the workflow's caller: no address, no inner detail. */
export class UpstreamFault extends Error {
  constructor(
    message: string,
    readonly code: 'EXECUTION_FAILED' | 'TIMEOUT' | 'CANCELLED' = 'EXECUTION_FAILED',
  ) {
    super(message);
  }
}
