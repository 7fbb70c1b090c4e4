import * as z from 'zod'
import { readCertificate } from '../crypto/certificate.ts'
import { DEMO_APP_CERTIFICATE, DEMO_PROVIDER_CERTIFICATE } from '../crypto/certificates.ts'
import { DEMO_APP_KEY, DEMO_PROVIDER_KEY } from '../crypto/keys.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'

const app = z.object({
  appId: z.string().regex(/^\d{16}$/),
  /** Whose app it is: calls without a token of another merchant are for this one. */
  sellerId: z.string().regex(/^2088\d{12}$/),
  /** What the owner uploaded: a public key (base64, SPKI) or a certificate (PEM). Never both. */
  signing: z.discriminatedUnion('mode', [
    z.object({ mode: z.literal('key'), publicKey: z.string() }),
    z.object({ mode: z.literal('certificate'), certificate: z.string() }),
  ]),
  /** For content encryption, base64 of 16 bytes. */
  contentKey: z.string().nullable(),
  payerIds: z.enum(['user_id', 'open_id']),
  /** Interfaces that this app has not been given. */
  lacks: z.array(z.string()),
})

/** An application of the open platform. */
export type App = z.output<typeof app>

export const DEMO_SELLER = '2088000000000001'
export const DEMO_PROVIDER = '2088000000000009'
export const DEMO_CONTENT_KEY = 'AAECAwQFBgcICQoLDA0ODw=='

/** @returns undefined when Alipay knows no such app */
export async function appOf(alipay: Alipay, appId: string): Promise<App | undefined> {
  return builtIn(alipay).find((known) => known.appId === appId) ?? apps(alipay).get(appId)
}

/** Makes a further app known, or replaces what is known of one. */
export async function enrolApp(alipay: Alipay, newcomer: App): Promise<void> {
  const parsed = app.parse(newcomer)
  if (builtIn(alipay).some(({ appId }) => appId === parsed.appId)) {
    throw new Error(`app ${parsed.appId} is always enrolled`)
  }
  await apps(alipay).put(parsed.appId, parsed)
}

export function appPublicKey({ signing }: App): string {
  return signing.mode === 'key' ? signing.publicKey : readCertificate(signing.certificate).publicKey
}

const apps = ({ books }: Alipay): Shelf<App> => shelf(books, 'app', app)

/** The demo merchant and the demo service provider have an app in each mode. */
function builtIn({ settings }: Alipay): readonly App[] {
  const common = { payerIds: settings.payerIds, lacks: [] }
  const demo = {
    ...common,
    sellerId: DEMO_SELLER,
    contentKey: settings.encryption === 'on' ? DEMO_CONTENT_KEY : null,
  }
  const provider = { ...common, sellerId: DEMO_PROVIDER, contentKey: null }
  return [
    {
      ...demo,
      appId: '2021000000000001',
      signing: { mode: 'key', publicKey: DEMO_APP_KEY.publicKey },
    },
    {
      ...demo,
      appId: '2021000000000002',
      signing: { mode: 'certificate', certificate: DEMO_APP_CERTIFICATE },
    },
    {
      ...provider,
      appId: '2021000000000008',
      signing: { mode: 'key', publicKey: DEMO_PROVIDER_KEY.publicKey },
    },
    {
      ...provider,
      appId: '2021000000000009',
      signing: { mode: 'certificate', certificate: DEMO_PROVIDER_CERTIFICATE },
    },
  ]
}
