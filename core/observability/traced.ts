import type { Core } from '../core.ts'
import type { HttpPort, Log, LogFields, Random, WakeTimer } from '../ports.ts'
import { type Trace, traceparentOf } from './trace.ts'

/**
 * The core as one request sees it: its log says which request it was, and its calls to channels and
 * merchants carry the trace on. Nothing global: two requests at once never share it.
 */
export function traced(core: Core, trace: Trace): Core {
  const { ports } = core
  return {
    ...core,
    ports: {
      ...ports,
      log: logWith(ports.log, { requestId: trace.traceId }),
      http: tracedHttp(ports.http, ports.random, trace),
      timer: tracedTimer(ports.timer, ports.random, trace),
    },
  }
}

/** The core with a log that says what it is about. */
export function about(core: Core, fields: LogFields): Core {
  return { ...core, ports: { ...core.ports, log: logWith(core.ports.log, fields) } }
}

function logWith(log: Log, always: LogFields): Log {
  return {
    write: (level, message, fields) => log.write(level, message, { ...fields, ...always }),
  }
}

function tracedHttp(http: HttpPort, random: Random, trace: Trace): HttpPort {
  return {
    send: (request) =>
      http.send({
        ...request,
        headers: { ...request.headers, traceparent: traceparentOf(trace, random) },
      }),
  }
}

/** The notification that a request caused belongs to its trace, whoever delivers it. */
function tracedTimer(timer: WakeTimer, random: Random, trace: Trace): WakeTimer {
  return {
    ...timer,
    wake: (wakeUp) => timer.wake({ traceparent: traceparentOf(trace, random), ...wakeUp }),
  }
}
