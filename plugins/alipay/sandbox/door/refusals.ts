import type { Json } from '../../../../core/plugin/simulator.ts'

export type Members = Readonly<Record<string, Json>>

/** What a call is answered with, before it is written and signed. */
export interface Reply {
  readonly code: keyof typeof MESSAGES
  readonly subCode?: string
  readonly subMessage?: string
  readonly members: Members
  /** Interfaces of before the codes: success has none, and failure stands under `error_response`. */
  readonly old?: true
}

export const MESSAGES = {
  '10000': 'Success',
  '10003': ' order success pay inprocess',
  '20000': 'Service Currently Unavailable',
  '20001': 'Insufficient Token Permissions',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40003': 'Insufficient Conditions',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
} as const

/**
 * Why Alipay refuses: sub_code → code and text. Clients decide on the codes, the text is for people.
 *
 * @see reference §15, and the official lists of common and of business codes, read 2026-09
 */
const REFUSALS = {
  'isp.unknow-error': ['20000', '系统繁忙'],
  'aop.invalid-app-auth-token': ['20001', '无效的应用授权令牌'],
  'aop.app-auth-token-time-out': ['20001', '应用授权令牌已过期'],
  'isv.missing-method': ['40001', '缺少方法名参数'],
  'isv.missing-app-id': ['40001', '缺少AppID参数'],
  'isv.missing-signature': ['40001', '缺少签名参数'],
  'isv.missing-signature-type': ['40001', '缺少签名类型参数'],
  'isv.missing-timestamp': ['40001', '缺少时间戳参数'],
  'isv.missing-version': ['40001', '缺少版本参数'],
  'isv.invalid-parameter': ['40002', '参数无效'],
  'isv.invalid-method': ['40002', '不存在的方法名'],
  'isv.invalid-format': ['40002', '无效的数据格式'],
  'isv.invalid-charset': ['40002', '字符集错误'],
  'isv.invalid-signature-type': ['40002', '无效的签名类型'],
  'isv.invalid-signature': ['40002', '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配'],
  'isv.invalid-app-id': ['40002', '无效的AppID参数'],
  'isv.invalid-timestamp': ['40002', '非法的时间戳参数'],
  'isv.illegal-json': ['40002', '非法的JSON'],
  'isv.code-invalid': ['40002', '授权码code无效'],
  'isv.grant-type-invalid': ['40002', 'grant_type参数不正确'],
  'isv.refresh-token-invalid': ['40002', '刷新令牌refresh_token无效'],
  'isv.missing-app-cert-sn': ['40002', '缺少应用公钥证书序列号'],
  'isv.app-cert-not-exist': ['40002', '应用公钥证书不存在'],
  'isv.missing-alipay-root-cert-sn': ['40002', '缺少支付宝根证书序列号'],
  'isv.invalid-alipay-root-cert-sn': ['40002', '无效的支付宝根证书序列号'],
  'isv.alipay-cert-not-exist': ['40002', '支付宝公钥证书不存在'],
  'isv.invalid-encrypt-type': ['40002', '无效的加密类型'],
  'isv.decryption-error-not-valid-encrypt-key': ['40002', '解密出错，未配置加密密钥'],
  'isv.decryption-error-unknown': ['40002', '解密出错, 未知错误'],
  'isv.missing-signature-config': ['40003', '应用未配置对应签名算法的公钥或者证书'],
  'isv.app-call-limited': ['40005', '应用调用次数超限，包含调用频率超限'],
  'isv.insufficient-isv-permissions': ['40006', 'ISV权限不足'],
  'ACQ.SYSTEM_ERROR': ['40004', '系统异常'],
  'ACQ.INVALID_PARAMETER': ['40004', '参数无效'],
  'ACQ.TOTAL_FEE_EXCEED': ['40004', '订单总金额不在允许范围内'],
  'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR': ['40004', '当前时间已超过允许支付的时间'],
  'ACQ.CONTEXT_INCONSISTENT': ['40004', '交易信息被篡改'],
  'ACQ.TRADE_HAS_SUCCESS': ['40004', '交易已被支付'],
  'ACQ.TRADE_HAS_CLOSE': ['40004', '交易已经关闭'],
  'ACQ.TRADE_HAS_FINISHED': ['40004', '交易已完结'],
  'ACQ.TRADE_NOT_EXIST': ['40004', '交易不存在'],
  'ACQ.TRADE_STATUS_ERROR': ['40004', '交易状态不合法'],
  'ACQ.REASON_TRADE_STATUS_INVALID': ['40004', '交易状态不合法'],
  'ACQ.TRADE_CANCEL_TIME_OUT': ['40004', '超过撤销时间范围'],
  'ACQ.BUYER_SELLER_EQUAL': ['40004', '买卖家不能相同'],
  'ACQ.PAYMENT_AUTH_CODE_INVALID': [
    '40004',
    '支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款',
  ],
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': ['40004', '买家余额不足'],
  'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR': ['40004', '买家付款日限额超限'],
  'ACQ.PAYMENT_REQUEST_HAS_RISK': ['40004', '支付有风险'],
  'ACQ.PAYMENT_FAIL': ['40004', '支付失败'],
  'ACQ.PULL_MOBILE_CASHIER_FAIL': ['40004', '唤起移动收银台失败'],
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': ['40004', '卖家余额不足'],
  'ACQ.DISCORDANT_REPEAT_REQUEST': ['40004', '请求信息不一致'],
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': ['40004', '退款金额无效'],
  'ACQ.REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST': ['40004', '退分账收入方账户不存在'],
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': ['40004', '退款金额不等于总金额'],
  'ACQ.TRADE_SETTLE_ERROR': ['40004', '交易结算异常'],
  'ACQ.ILLEGAL_SETTLE_STATE': ['40004', '交易状态不允许结算'],
  'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR': ['40004', '分账金额校验失败'],
  'ACQ.ROYALTY_RECEIVER_INVALID': ['40004', '分账收款方不合法'],
  'ACQ.ALREADY_FINISH_ALLOC': ['40004', '分账已完结'],
  'ACQ.DUP_OUT_REQUEST_NO': ['40004', '外部请求号重复'],
  SYSTEM_ERROR: ['40004', '系统繁忙'],
  INVALID_PARAMETER: ['40004', '参数有误'],
  USER_NOT_EXIST: ['40004', '用户不存在'],
  USERNAME_NOT_MATCH: ['40004', '用户名不匹配'],
  RECEIVER_LIST_EMPTY: ['40004', '分账接收方列表为空'],
  RECEIVER_LIST_OVERLOAD: ['40004', '分账接收方列表超过最大值'],
  INVALID_RECEIVER_TYPE: ['40004', '分账接收方类型非法'],
  ORDER_NOT_EXIST: ['40004', '转账订单不存在'],
  REP_INCONSISTENT: ['40004', '重复请求的参数不一致'],
  PAYEE_NOT_EXIST: ['40004', '收款账号不存在'],
  PAYEE_USERINFO_ERROR: ['40004', '收款方姓名或其它信息不一致'],
  PAYER_PAYEE_CANNOT_SAME: ['40004', '收付款方不能相同'],
  PAYER_BALANCE_NOT_ENOUGH: ['40004', '付款方余额不足'],
  EXCEED_LIMIT_SM_MIN_AMOUNT: ['40004', '单笔最低转账金额0.1元'],
  'isp.bill_not_exist': ['40004', '账单不存在'],
  'isv.invalid_arguments': ['40004', '入参不合法'],
} as const satisfies Record<string, readonly [keyof typeof MESSAGES, string]>

export type Refusal = keyof typeof REFUSALS

/** @param detail what of it, for people */
export function refusal(why: Refusal, detail?: string): Reply {
  const [code, text] = REFUSALS[why]
  const subMessage = detail === undefined ? text : `${text}，${detail}`
  return { code, subCode: why, subMessage, members: {} }
}

export function accepted(members: Members): Reply {
  return { code: '10000', members }
}
