import { describe, it } from 'vitest'
import { sqldMissing } from '../kit/sqld.ts'
import { ON_WORKERD } from './runtimes.ts'
import { specifyGateway } from './specification.ts'

const missing = sqldMissing()
if (missing === undefined) specifyGateway(ON_WORKERD)
else describe('the gateway on workerd', () => it.skip(`needs a libSQL server: ${missing}`))
