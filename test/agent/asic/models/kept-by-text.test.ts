import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { keptByText } from '../../../../agent/asic/models/kept-by-text.ts'

test('each text is looked up once, also where nothing is found', () => {
  const look = vi.fn((text: string) => (text === 'known' ? { text } : undefined))
  const kept = keptByText(look)

  expect([kept('known'), kept('other'), kept('known'), kept('other')]).toEqual([
    { text: 'known' },
    undefined,
    { text: 'known' },
    undefined,
  ])
  expect(look).toHaveBeenCalledTimes(2)
})

test('answers stay those of the text, whatever was asked before', () => {
  const kept = keptByText((text) => text.length)
  fc.assert(fc.property(fc.array(fc.string()), (texts) => texts.every((text) => kept(text) === text.length)))
})

test('more names than any site has are not kept', () => {
  const look = vi.fn((text: string) => text)
  const kept = keptByText(look)
  for (let i = 0; i <= 1000; i++) kept(`name ${i}`)
  look.mockClear()

  kept('name 1000')
  expect(look).not.toHaveBeenCalled()
  kept('name 0')
  expect(look).toHaveBeenCalledOnce()
})
