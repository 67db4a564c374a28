import { afterAll, beforeAll, expect, test } from 'vitest'
import { BooksRig, TOKEN } from '../books-rig.ts'

let books: BooksRig
beforeAll(async () => {
  books = await new BooksRig().start()
})
afterAll(() => books.stop())

const PATHS = ['/api/v1/doubts', '/api/v1/reprice', '/api/v1/whatif']
const send = async (path: string, body: string | undefined, type?: string) => {
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    ...(type === undefined ? {} : { 'content-type': type }),
  }
  const response = await fetch(`${books.url}${path}`, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
  })
  return {
    status: response.status,
    ...((await response.json()) as { error: { code: string; message: string } }),
  }
}

test.each(PATHS)('%s refuses a body that is cut, empty or no JSON with 400 and the cause', async (path) => {
  for (const body of ['{', '', 'verdict=accept', '{"verdict":'])
    expect([body, await send(path, body, 'application/json')]).toEqual([
      body,
      { status: 400, error: { code: 'bad_body', message: expect.stringMatching(/JSON/) } },
    ])
})

test.each(PATHS)('%s refuses a body of another type with 415, and says which is read', async (path) => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    undefined,
    'application/jsonp',
    'json',
  ])
    expect([type, await send(path, '{}', type)]).toEqual([
      type,
      {
        status: 415,
        error: { code: 'not_json', message: expect.stringMatching(/content-type: application\/json; /) },
      },
    ])
})

test.each(PATHS)(
  '%s reads JSON under any of its names, and tells what is missing or wrong in it',
  async (path) => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'application/vnd.site+json',
    ])
      for (const body of ['[]', 'null', '7', '{"nonsense":1}'])
        expect([type, body, await send(path, body, type)]).toEqual([
          type,
          body,
          { status: 400, error: expect.objectContaining({ code: 'bad_parameter' }) },
        ])
  },
)
