import type { Core } from '../../core.ts'
import type { PaymentAnswer } from '../../payment/create.ts'
import { imageUrlOf } from '../image.ts'
import type { ChannelExtra } from './channel-extra.ts'
import type { JeepayData } from './envelope.ts'
import { PAY_DATA_TYPES } from './wire.ts'

/**
 * What the payer is shown, as JeePay's `payDataType` and `payData`; an empty text where there is
 * nothing yet. A QR code or link is answered as the URL of an image when the merchant asked so.
 *
 * @see reference §7
 */
export async function presentationFields(
  core: Core,
  { paymentId, presentation }: Pick<PaymentAnswer, 'paymentId' | 'presentation'>,
  extra: ChannelExtra,
): Promise<JeepayData> {
  if (presentation === null) return { payDataType: 'none', payData: '' }
  const { kind, data } = presentation
  const isDrawable = kind === 'qr_text' || kind === 'redirect_url'
  if (isDrawable && extra.get('paydatatype') === 'codeImgUrl') {
    return { payDataType: 'codeImgUrl', payData: await imageUrlOf(core, paymentId) }
  }
  return { payDataType: PAY_DATA_TYPES[kind], payData: kind === 'nothing' ? '' : data }
}
