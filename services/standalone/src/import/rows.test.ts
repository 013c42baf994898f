import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRows } from './rows.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-rows-'))
})
afterAll(() => rm(folder, { recursive: true }))

const read = async (text: string) => {
  const path = join(folder, 'users.csv')
  await writeFile(path, text)
  return await listOf(path)
}
const listOf = async (path: string) => {
  const rows = []
  for await (const row of readRows('users', path)) rows.push(row)
  return rows
}
const row = (line: number, id: string, name: string, password: string) => ({ line, fields: { id, name, password } })

test('columns stand in any order, beside others, behind a byte order mark, with either end of a line', async () => {
  expect(await read('\ufeffname,extra,password,id\r\nann,?,x,7\r\n\r\nbob,?,"y ""z""",8')).toEqual([
    row(2, '7', 'ann', 'x'),
    row(4, '8', 'bob', 'y "z"'),
  ])
})

test('a row is named by the line in which it begins', async () => {
  expect(await read('id,name,password\n1,a,"two\nlines"\n2,"b\n\n",x\n3,c,x\n')).toEqual([
    row(2, '1', 'a', 'two\nlines'),
    row(4, '2', 'b\n\n', 'x'),
    row(7, '3', 'c', 'x'),
  ])
})

test('what stands around quotes inside a field is part of it', async () => {
  expect(await read('id,name,password\n1,a,5" disk\n')).toEqual([row(2, '1', 'a', '5" disk')])
})

test('a row with too few or too many columns, or bytes that are no text, says why it is none', async () => {
  const nul = await read('id,name,password\n1,a\n1,a,x,y\n1,a\0,x\n')
  expect(nul).toEqual([
    { line: 2, why: 'it has 2 columns, not 3' },
    { line: 3, why: 'it has 4 columns, not 3' },
    { line: 4, why: 'its name is no UTF-8 text' },
  ])
})

test('a row that is longer than a MiB is the last one', async () => {
  const rows = await read(`id,name,password\n1,a,x\n2,b,${'x'.repeat(2 * 1024 * 1024)}\n3,c,x\n`)
  expect(rows).toEqual([row(2, '1', 'a', 'x'), { line: 3, why: expect.stringContaining('no CSV from here on') }])
})

test.each([
  ['an empty file', '', 'it is empty'],
  ['a first line without a column', 'id,name\n1,ann\n', 'its first line does not name password'],
  ['a first line that is a row', '1,ann,x\n', 'its first line does not name id, name, password'],
])('%s is no file of users', async (_case, text, why) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'import_file', message: expect.stringContaining(why) })
})

test('a file that cannot be read is told with its name', async () => {
  const rows = listOf(join(folder, 'nothing.csv'))
  await expect(rows).rejects.toMatchObject({ code: 'import_file', message: expect.stringContaining('nothing.csv') })
})
