import { defineConfig } from 'drizzle-kit'

/** `drizzle-kit generate` turns a change of the schema into the next migration. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './core/store/schema.ts',
  out: './core/store/migrations',
})
