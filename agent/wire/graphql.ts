import { type Row, rowOf, rowsOf, textOf } from './loose-json/fields.ts'
import type { WebClient } from './web-client.ts'

export interface GraphqlAnswer {
  /** empty where the server refuses the query */
  data: Row
  /** the server's first error, which may come beside `data`; undefined where there is none */
  error: string | undefined
}

/**
 * Sends one GraphQL query (specification of October 2021, section 7.1). A single field that the server's schema lacks makes it
 * refuse the whole query.
 * @throws as `WebClient.post`
 */
export async function queryGraphql(
  client: WebClient,
  path: string,
  query: string,
  signal: AbortSignal,
): Promise<GraphqlAnswer> {
  const answer = await client.post(path, { query }, signal)
  const error = textOf(rowsOf(answer, 'errors')[0], 'message')?.slice(0, 120)
  return { data: rowOf(answer['data']), error }
}
