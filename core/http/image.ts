import { eq } from 'drizzle-orm'
import { encodeQR } from 'qr'
import type { Core } from '../core.ts'
import type { PaymentId } from '../ids.ts'
import { isOpen } from '../payment/state.ts'
import { issueToken, isTokenOf } from '../signing/token.ts'
import { attempts, payments } from '../store/schema.ts'
import { drawPng } from './png.ts'

const PIXELS_PER_MODULE = 8
const QUIET_ZONE = 4
/** What the largest QR code holds at error correction M; at L it is 2,953. */
const MEDIUM_BYTES = 2_331

/**
 * Where the QR image of a payment is. The token names a payment and can only be issued here: the
 * page draws what we answered and nothing that a caller thought up.
 */
export async function imageUrlOf({ ports, settings }: Core, paymentId: PaymentId): Promise<string> {
  const token = await issueToken(ports.keyRing, 'qr_image', paymentId)
  return `${settings.publicUrl}/api/scan/imgs/${paymentId}.${token}.png`
}

/** GET /api/scan/imgs/{paymentId}.{token}.png, for as long as the payment can be paid. */
export async function serveImage(core: Core, name: string): Promise<Response> {
  const [, paymentId = '', token = ''] = /^(P\d+)\.([\w-]+)\.png$/.exec(name) ?? []
  const isOurs = await isTokenOf(core.ports.keyRing, 'qr_image', paymentId, token)
  const text = isOurs ? await textToDraw(core, paymentId as PaymentId) : undefined
  if (text === undefined) return new Response('not found', { status: 404 })
  const isLong = new TextEncoder().encode(text).length > MEDIUM_BYTES
  const modules = encodeQR(text, 'raw', { ecc: isLong ? 'low' : 'medium', border: QUIET_ZONE })
  return new Response(await drawPng(modules, PIXELS_PER_MODULE), {
    headers: { 'content-type': 'image/png', 'cache-control': 'private, max-age=60' },
  })
}

async function textToDraw(core: Core, paymentId: PaymentId): Promise<string | undefined> {
  const db = core.store.read
  const [found] = await db.batch([
    db
      .select({
        state: payments.state,
        expiresAtMs: payments.expiresAtMs,
        kind: attempts.presentationKind,
        data: attempts.presentationData,
      })
      .from(payments)
      .innerJoin(attempts, eq(attempts.attemptId, payments.attemptId))
      .where(eq(payments.paymentId, paymentId)),
  ])
  const row = found[0]
  if (row === undefined || row.data === null) return undefined
  const isPayable = isOpen(row.state) && row.expiresAtMs > core.ports.clock.now()
  const isDrawable = row.kind === 'qr_text' || row.kind === 'redirect_url'
  return isPayable && isDrawable ? row.data : undefined
}
