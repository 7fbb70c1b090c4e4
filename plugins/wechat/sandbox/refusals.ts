import type { Json } from '../../../core/plugin/simulator.ts'

/** What a call is answered with, before it is signed. */
export interface Reply {
  readonly status: number
  readonly body: Json | undefined
  /** The internal number at the end of `Request-ID`. */
  readonly suffix: number
  /** A file instead of a body. WeChat does not sign those. */
  readonly file?: Uint8Array<ArrayBuffer>
  readonly fileType?: string
}

/**
 * Why WeChat refuses: status and code are what clients decide on, text and suffix are for people.
 *
 * @see reference "APIv3 errors" and the official basic rules, read 2026-09
 */
const REFUSALS = {
  no_user_agent: [400, 'INVALID_REQUEST', 'Http头缺少Accept或User-Agent', 0],
  not_json: [400, 'INVALID_REQUEST', '请求的Content-Type不是application/json', 0],
  authorization_malformed: [
    401,
    'SIGN_ERROR',
    'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》',
    268443699,
  ],
  timestamp_stale: [
    401,
    'SIGN_ERROR',
    'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟',
    268443699,
  ],
  signature_wrong: [401, 'SIGN_ERROR', '签名错误', 268443699],
  serial_unknown: [400, 'PARAM_ERROR', '平台证书序列号Wechatpay-Serial错误', 268435461],
  not_signer: [400, 'INVALID_REQUEST', '请求中的商户号与签名的商户号不一致', 268447843],
  not_owner: [400, 'INVALID_REQUEST', '订单不属于该特约商户', 268447845],
  sub_is_self: [400, 'INVALID_REQUEST', '特约商户号不能与服务商商户号相同', 268443705],
  no_relation: [403, 'NO_AUTH', '受理关系不存在', 268443701],
  product_closed: [
    403,
    'NO_AUTH',
    '商户号该产品权限未开通，请前往商户平台>产品中心检查后重试',
    268443715,
  ],
  appid_not_bound: [400, 'APPID_MCHID_NOT_MATCH', 'appid和mchid不匹配', 268445527],
  sub_appid_not_bound: [400, 'APPID_MCHID_NOT_MATCH', 'sub_appid和sub_mchid不匹配', 268445527],
  order_unknown: [404, 'ORDER_NOT_EXIST', '订单不存在', 268512771],
  order_closed: [400, 'ORDER_CLOSED', '订单已关闭', 268447914],
  order_paid: [400, 'ORDERPAID', '该订单已支付', 268449538],
  close_by_reversing: [400, 'INVALID_REQUEST', '付款码支付的订单请使用撤销接口', 268449641],
  code_expired: [400, 'AUTHCODEEXPIRE', '付款码已过期，请用户在微信上刷新后再试', 0],
  code_unreadable: [400, 'AUTH_CODE_ERROR', '请扫描微信支付付款码', 0],
  code_used: [400, 'AUTH_CODE_INVALID', '101 每个二维码仅限使用一次，请刷新再试', 0],
  code_failed: [403, 'TRADE_ERROR', '支付失败，请更换商户订单号重新发起', 0],
  payer_paying: [202, 'USER_PAYING', '需要用户输入支付密码', 0],
  payer_not_enough: [403, 'NOT_ENOUGH', '用户账号余额不足，请用户更换支付方式', 0],
  card_not_supported: [403, 'NOTSUPORTCARD', '该卡不支持当前支付，请用户更换支付方式', 0],
  bank_error: [500, 'BANK_ERROR', '银行系统异常，请立即调用查询接口', 0],
  number_used: [403, 'OUT_TRADE_NO_USED', '商户订单号重复', 268498688],
  order_reversed: [400, 'ORDERREVERSED', '订单已撤销，请重新下单支付', 268447914],
  reverse_too_early: [400, 'INVALID_REQUEST', '正在支付中不能发起撤销', 0],
  reverse_too_late: [400, 'INVALID_REQUEST', '订单已超过7天的撤销有效期', 0],
  not_reversible: [400, 'INVALID_REQUEST', '订单的支付场景不支持该请求', 0],
  already_moved: [403, 'TRADE_ERROR', '订单已退款或已分账，不能撤销', 0],
  prepay_differs: [400, 'INVALID_REQUEST', '请求重入时，参数与首次请求时不一致', 268498688],
  not_refundable: [404, 'RESOURCE_NOT_EXISTS', '订单不存在或未支付', 268512771],
  refund_unknown: [404, 'RESOURCE_NOT_EXISTS', '退款单不存在', 268512771],
  refund_differs: [
    400,
    'INVALID_REQUEST',
    '订单金额或退款金额与之前请求不一致，请核实后再试',
    268498688,
  ],
  total_differs: [400, 'INVALID_REQUEST', '订单总金额与原订单不一致', 0],
  refund_exceeds: [400, 'INVALID_REQUEST', '申请退款金额大于订单可退金额', 0],
  refunded_in_full: [400, 'INVALID_REQUEST', '订单已全额退款', 0],
  too_many_refunds: [400, 'INVALID_REQUEST', '订单的退款次数已超过50次', 0],
  too_late_to_refund: [400, 'INVALID_REQUEST', '订单已经超过退款期限', 0],
  balance_too_low: [403, 'NOT_ENOUGH', '基本账户余额不足，请充值后重新发起', 0],
  operation_balance_too_low: [403, 'NOT_ENOUGH', '运营账户资金不足，请充值后用原单号重试', 0],
  transfer_unknown: [404, 'NOT_FOUND', '记录不存在', 0],
  transfer_exists: [400, 'ALREADY_EXISTS', '单号已存在但信息不一致，请查单后比较确认', 268498688],
  transfer_appid_unknown: [400, 'INVALID_REQUEST', 'APPID不存在', 268445527],
  transfer_amount_out_of_range: [
    400,
    'INVALID_REQUEST',
    '超过单笔转账上下限，核实产品设置是否准确',
    0,
  ],
  transfer_not_cancellable: [400, 'INVALID_REQUEST', '当前转账单状态不支持撤销', 0],
  scene_not_granted: [400, 'INVALID_REQUEST', '你尚未获取该转账场景', 0],
  scene_not_reported: [400, 'PARAM_ERROR', '需传入转账场景报备信息，请检查', 268435461],
  split_order_unknown: [404, 'RESOURCE_NOT_EXISTS', '订单不存在或未支付', 268512771],
  split_unknown: [404, 'RESOURCE_NOT_EXISTS', '记录不存在', 268512771],
  not_for_sharing: [400, 'INVALID_REQUEST', '非分账订单不支持分账', 0],
  split_differs: [400, 'INVALID_REQUEST', '商户分账单号已存在，但请求参数不一致', 268498688],
  too_early_to_split: [400, 'INVALID_REQUEST', '订单处理中，暂时无法分账，请稍后再试', 0],
  receiver_unrelated: [
    400,
    'PARAM_ERROR',
    '分账接收方关系不存在，请检查参数中每个接收方的关系',
    268435461,
  ],
  receiver_name_wrong: [400, 'INVALID_REQUEST', '微信用户姓名与实名不一致', 0],
  too_many_receivers: [403, 'RULE_LIMIT', '分账接收方数量超过上限', 0],
  too_many_splits: [400, 'INVALID_REQUEST', '订单的分账次数已超过50次', 0],
  unsplit_too_low: [403, 'NOT_ENOUGH', '分账金额不足', 0],
  split_ratio_exceeded: [400, 'INVALID_REQUEST', '分账金额超出最大分账比例', 0],
  split_return_differs: [400, 'INVALID_REQUEST', '商户回退单号已存在，但请求参数不一致', 268498688],
  split_return_not_received: [400, 'INVALID_REQUEST', '回退方不是该分账单的成功接收方', 0],
  split_return_exceeds: [400, 'INVALID_REQUEST', '回退金额大于可回退金额', 0],
  too_many_split_returns: [400, 'INVALID_REQUEST', '分账单的回退次数已超过50次', 0],
  too_late_to_return: [400, 'INVALID_REQUEST', '分账单已超过回退期限', 0],
  refund_not_abnormal: [400, 'INVALID_REQUEST', '退款单状态不为异常，不能发起异常退款', 0],
  name_unreadable: [
    400,
    'PARAM_ERROR',
    '敏感信息解密失败，请检查加密公钥与Wechatpay-Serial',
    268435461,
  ],
  no_certificates: [
    404,
    'RESOURCE_NOT_EXISTS',
    '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥',
    0,
  ],
  no_statement: [400, 'NO_STATEMENT_EXIST', '账单文件不存在', 0],
  statement_creating: [400, 'STATEMENT_CREATING', '账单生成中', 0],
  bill_date_wrong: [400, 'INVALID_REQUEST', '账单日期错误，仅支持三个月内已出账的日期', 0],
  bill_token_wrong: [400, 'INVALID_REQUEST', '下载链接无效或已过期', 0],
  system_error: [500, 'SYSTEM_ERROR', '系统异常，请用相同参数重新调用', 0],
  rate_limited: [429, 'FREQUENCY_LIMITED', '请求过于频繁，请降低频率后重试', 268447840],
} as const

export type Refusal = keyof typeof REFUSALS

export function refusal(why: Refusal): Reply {
  const [status, code, message, suffix] = REFUSALS[why]
  return { status, body: { code, message }, suffix }
}

/** What is wrong with one parameter. `field` is a JSON pointer in a body, a name in a query. */
export interface ParameterProblem {
  readonly location: 'body' | 'query'
  readonly field: string
  readonly issue: string
  readonly suffix?: number
}

export function parameterRefusal({ location, field, issue, suffix }: ParameterProblem): Reply {
  return {
    status: 400,
    body: {
      code: 'PARAM_ERROR',
      message: `参数错误: ${field} ${issue}`,
      detail: { location, field, issue },
    },
    suffix: suffix ?? ILLEGAL_PARAMETER,
  }
}

export const ILLEGAL_PARAMETER = 268435461
export const OUT_OF_RANGE = 268435464
export const UNKNOWN_PARAMETER = 270924358
export const JSAPI_WITHOUT_OPENID = 268501013
export const SUB_MCHID_MISSING = 268443704

export function accepted(body: Json): Reply {
  return { status: 200, body, suffix: 0 }
}

export const DONE: Reply = { status: 204, body: undefined, suffix: 0 }
