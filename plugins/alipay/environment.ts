import type { AlipayConfig } from './config.ts'

/** Where an environment lives (reference §1). Payers' browsers go to the gateway too. */
const PLACES = {
  production: {
    gateway: 'https://openapi.alipay.com/gateway.do',
    consent: 'https://openauth.alipay.com/oauth2/publicAppAuthorize.htm',
  },
  sandbox: {
    gateway: 'https://openapi-sandbox.dl.alipaydev.com/gateway.do',
    consent: 'https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm',
  },
} as const satisfies Record<AlipayConfig['environment'], object>

export function gatewayOf({ environment }: AlipayConfig): string {
  return PLACES[environment].gateway
}

/** The page that asks a payer for consent. */
export function consentPageOf({ environment }: AlipayConfig): string {
  return PLACES[environment].consent
}
