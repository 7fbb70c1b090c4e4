/** `npm run migrate`: brings the database of TONGBAO_DATABASE_URL to this release's tables. */
import { migrateDatabase } from '../migrate.ts'
import { openDatabaseFile } from '../ports/libsql-file.ts'
import { remoteDatabase } from '../ports/libsql-http.ts'

const { TONGBAO_DATABASE_URL: url, TONGBAO_DATABASE_TOKEN: token } = process.env
if (!url) {
  console.error('tongbao: TONGBAO_DATABASE_URL is missing: set it to the database to migrate')
  process.exit(1)
}
try {
  if (url.startsWith('file:')) {
    const file = await openDatabaseFile(url)
    await migrateDatabase(file.database)
    await file.close()
  } else {
    await migrateDatabase(remoteDatabase({ url, ...(token && { token }) }))
  }
  console.log('The database has all tables of this release.')
} catch (error) {
  console.error(`tongbao: not migrated: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
