import type { Books, Json } from '../../core/plugin/simulator.ts'
import type { Database, SqlValue } from '../../core/ports.ts'

const CREATE = `create table if not exists sandbox_documents (
  channel text not null,
  kind text not null,
  id text not null,
  revision integer not null,
  document text not null,
  primary key (channel, kind, id)
) without rowid`

/** Made by the sandbox alone: a live database never has this table. */
export async function createBooksTable(database: Database): Promise<void> {
  await database.batch([{ sql: CREATE, args: [] }], 'write')
}

/** A simulator's books in the gateway's own database, so that both survive a restart together. */
export function databaseBooks(database: Database, channel: string): Books {
  async function one(sql: string, args: readonly SqlValue[], mode: 'read' | 'write') {
    const [rows = []] = await database.batch([{ sql, args }], mode)
    return rows
  }

  async function read(kind: string, id: string) {
    const [row] = await one(
      'select revision, document from sandbox_documents where channel = ? and kind = ? and id = ?',
      [channel, kind, id],
      'read',
    )
    if (row === undefined) return { revision: 0, document: undefined }
    const [revision, document] = row
    return { revision: Number(revision), document: JSON.parse(String(document)) as Json }
  }

  /** @returns whether nobody else wrote since it was read at `revision` */
  async function replace(
    kind: string,
    id: string,
    revision: number,
    document: Json | undefined,
  ): Promise<boolean> {
    const key = [channel, kind, id] as const
    const here = 'channel = ? and kind = ? and id = ?'
    if (document === undefined) {
      if (revision === 0) return true
      const sql = `delete from sandbox_documents where ${here} and revision = ? returning id`
      return (await one(sql, [...key, revision], 'write')).length === 1
    }
    const text = JSON.stringify(document)
    if (revision === 0) {
      const sql = `insert into sandbox_documents (channel, kind, id, revision, document)
        values (?, ?, ?, 1, ?) on conflict do nothing returning id`
      return (await one(sql, [...key, text], 'write')).length === 1
    }
    const sql = `update sandbox_documents set revision = revision + 1, document = ?
      where ${here} and revision = ? returning id`
    return (await one(sql, [text, ...key, revision], 'write')).length === 1
  }

  return {
    get: async (kind, id) => (await read(kind, id)).document,
    async list(kind) {
      const rows = await one(
        'select id, document from sandbox_documents where channel = ? and kind = ? order by id',
        [channel, kind],
        'read',
      )
      return rows.map(([id, document]) => ({
        id: String(id),
        value: JSON.parse(String(document)) as Json,
      }))
    },
    async update(kind, id, change) {
      for (;;) {
        const { revision, document } = await read(kind, id)
        const changed = change(document)
        if (await replace(kind, id, revision, changed)) return changed
      }
    },
  }
}
