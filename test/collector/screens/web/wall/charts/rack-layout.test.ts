import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layoutRacks } from '../../../../../../collector/screens/web/wall/charts/rack-layout.ts'

const AREA = { width: 1040, height: 430, gap: 2, blockGap: 7, labelHeight: 17 }

test('every rack has a cell inside the area, and no two cells touch', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(sizes, (containers) => {
      const { cells, cellWidth, cellHeight } = layoutRacks(containers, AREA)
      expect(cells).toHaveLength(containers.reduce((a, b) => a + b, 0))
      expect(Math.min(cellWidth, cellHeight)).toBeGreaterThan(0)
      for (const { x, y } of cells) {
        expect(x).toBeGreaterThanOrEqual(0)
        expect(y).toBeGreaterThanOrEqual(AREA.labelHeight)
        expect(x + cellWidth).toBeLessThanOrEqual(AREA.width + 0.001)
        expect(y + cellHeight).toBeLessThanOrEqual(AREA.height + 0.001)
      }
      for (const y of new Set(cells.map((c) => c.y))) {
        const xs = cells
          .filter((c) => c.y === y)
          .map((c) => c.x)
          .sort((a, b) => a - b)
        for (let i = 1; i < xs.length; i++) expect((xs[i] ?? 0) - (xs[i - 1] ?? 0)).toBeGreaterThan(cellWidth)
      }
    }),
    { numRuns: 60 },
  )
})

test('2,080 racks in 40 containers are each at least 9 pixels on a 1080p wall, in full rows', () => {
  const { cells, cellWidth, cellHeight } = layoutRacks(Array(40).fill(52), AREA)
  expect(Math.min(cellWidth, cellHeight)).toBeGreaterThan(9)
  const first = cells.slice(0, 52)
  const perRow = first.filter((c) => c.y === first[0]?.y).length
  expect(52 % perRow).toBe(0)
})

test('no rack and no area lay out to nothing instead of failing', () => {
  expect(layoutRacks([], AREA).cells).toEqual([])
  expect(layoutRacks([3], { ...AREA, width: 0, height: 0 }).cells).toHaveLength(3)
})
