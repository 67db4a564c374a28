import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Sysfs } from '../../../agent/wire/sysfs.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { soon } from '../asic-harness.ts'
import { sysfsTree } from '../sysfs-tree.ts'

const at = (root: string) => new Sysfs(root, 'add its user to the group sensors')

test('texts are trimmed, numbers whole, and names in the order of their numbers', async () => {
  const { root } = sysfsTree('path\tcontent\nhwmon10/name\tb\nhwmon9/name\ta\nhwmon9/temp1_input\t-4000\n')
  const sysfs = at(root)
  expect(await sysfs.names('.')).toEqual(['hwmon9', 'hwmon10'])
  expect(await sysfs.text('hwmon9/name')).toBe('a')
  expect(await sysfs.number('hwmon9/temp1_input')).toBe(-4000)
  expect(await sysfs.number('hwmon9/name')).toBeUndefined()
})

test('what is not there is absent', async () => {
  const sysfs = at('/no/such/folder')
  expect(await sysfs.text('x')).toBeUndefined()
  expect(await sysfs.names('.')).toEqual([])
})

test('a read that hangs in the kernel is waited for by all polls of its folder, and by no other', async () => {
  const { root } = sysfsTree('path\tcontent\nname\tfine\n')
  const other = sysfsTree('path\tcontent\nname\tfine\n')
  // opening a pipe without a writer blocks, as reading a hung kernel driver's file does
  const pipe = join(root, 'energy')
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
  const hung = at(root).poll(soon(), () => at(root).text('energy'))
  // a new session meets the same folder
  const next = withDeadline((signal) => at(root).poll(signal, () => at(root).text('name')), 100)
  await expect(next).rejects.toMatchObject({
    code: 'no-reply',
    message: expect.stringContaining('has not answered since an earlier poll; look into dmesg'),
  })
  expect(await at(other.root).poll(soon(), () => at(other.root).text('name'))).toBe('fine')
  closeSync(openSync(pipe, 'w'))
  expect(await hung).toBeUndefined()
})

test('polls of one folder come one after the other, and one that fails holds none up', async () => {
  const { root } = sysfsTree('path\tcontent\nname\tfine\n')
  const order: string[] = []
  const poll = (name: string, fails = false) =>
    at(root).poll(soon(), async () => {
      order.push(`${name} begins`)
      await at(root).text('name')
      order.push(`${name} ends`)
      if (fails) throw new Error(name)
    })
  const all = await Promise.allSettled([poll('a', true), poll('b'), poll('c')])
  expect(all.map((r) => r.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
