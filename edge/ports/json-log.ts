import type { Clock, Log, LogLevel } from '../../core/ports.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies LogLevel[]

export type WriteLine = (level: LogLevel, line: string) => void

/** Writes one JSON object a line, from `lowest` upwards. */
export function jsonLog(clock: Pick<Clock, 'now'>, lowest: LogLevel, writeLine: WriteLine): Log {
  return {
    write(level, message, fields) {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(lowest)) return
      const own = { time: new Date(clock.now()).toISOString(), level, message }
      // First for the reader's eye, and last so that no field takes their place.
      writeLine(level, JSON.stringify({ ...own, ...fields, ...own }))
    },
  }
}

/** Node and Deno: standard error, which leaves standard output to commands. */
export const toStandardError: WriteLine = (_level, line) => console.error(line)

/** Workers: the level decides how the dashboard shows it. */
export const toConsole: WriteLine = (level, line) => console[level](line)
