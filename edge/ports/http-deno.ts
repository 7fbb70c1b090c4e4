import type { CallWatch } from './http.ts'

/**
 * What Deno can prove about a call that failed: that it never had a connection, TLS included. Deno
 * says so in the text of the error alone; a reset, a silence and a deadline have other texts.
 * The text holds the URL too, but nothing in a URL has blanks.
 *
 * @see hyper-util, `client::legacy::Error`, kind `Connect`, read in Deno 2.9.5
 */
export function watchDenoCall(): CallWatch {
  return {
    run: (call) => call(),
    provesNotSent: (error) =>
      error instanceof Error &&
      error.cause instanceof Error &&
      error.cause.message.includes('): client error (Connect): '),
  }
}
