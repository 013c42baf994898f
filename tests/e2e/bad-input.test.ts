import { createConnection } from 'node:net'
import { frameBytesMax, unansweredWritesMax } from '@chat/schemas/protocol'
import { type Frame, logIn, postJson, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, connectLive, connectRude, type Rude, sendRaw, tellsInternals, within } from './bad-input-client.ts'
import { type FrameWorld, frameCases, malformedTexts } from './bad-input-frames.ts'
import { handshakes, httpCases } from './bad-input-http.ts'
import { testOperatorInput } from './bad-input-operators.ts'
import { wrongShapes } from './bad-input-shapes.ts'
import { message, metric, residentBytes, startTarget, type Target } from './bad-input-target.ts'
import { brokenFraming, brokenHttp, fragments, ping, wireFrame } from './bad-input-wire.ts'

let target: Target
let url: string
let token: string
let rude: Rude
let world: FrameWorld

beforeAll(async () => {
  target = await startTarget()
  ;({ url, token, rude, world } = target)
}, 120_000)

afterAll(() => target?.remove())

/** The code of an answer, after a look at all that every refusal has. */
const codeOf = (frame: Frame): unknown => {
  expect(tellsInternals(JSON.stringify(frame.message ?? '')), JSON.stringify(frame)).toBe(false)
  if (frame.op === 'ok') return 'ok'
  const { op, ref, code, message: sentence, retry, ...rest } = frame
  expect({ op, ref: typeof ref, sentence: typeof sentence }).toEqual({ op: 'error', ref: 'number', sentence: 'string' })
  expect(['never', 'later', 'reconnect']).toContain(retry)
  expect(Object.keys(rest).filter((name) => name !== 'retryAfterMs')).toEqual([])
  return code
}

describe('a bad request by HTTP is answered with a problem', () => {
  test.each(httpCases)('%s', async (_, question, status, code) => {
    const answer = await ask(url, question(target.http))
    expect(answer.status, answer.text).toBe(status)
    expect(answer.type).toMatch(/^application\/problem\+json/)
    expect(tellsInternals(answer.text), answer.text).toBe(false)
    const { type, title, detail, ...rest } = JSON.parse(answer.text)
    expect(rest).toEqual({ status, code })
    expect([type, title, detail].every((sentence) => typeof sentence === 'string' && sentence !== '')).toBe(true)
  })

  test.each(handshakes)('a handshake %s is refused', async (_, headers) => {
    const answer = await ask(url, { path: '/v1/socket', headers })
    expect([400, 426]).toContain(answer.status)
    expect(tellsInternals(answer.text)).toBe(false)
  })

  test('an unknown user and a wrong password get the very same answer', async () => {
    const wrong = await postJson(`${url}/v1/sessions`, { name: target.mallory.name, password: 'wrong' })
    const unknown = await postJson(`${url}/v1/sessions`, { name: 'nobody here', password: 'wrong' })
    expect(unknown).toEqual(wrong)
  })

  test('of a field that comes twice in a body the last one counts, as in every JSON reader', async () => {
    const body = '{"op":"obey","op":"me"}'
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    expect((await ask(url, { method: 'POST', path: '/v1/requests', headers, body })).status).toBe(200)
  })

  test('guessing at an account ends in rate_limited', async () => {
    const guesses = Array.from({ length: 14 }, (_, i) =>
      postJson(`${url}/v1/sessions`, { name: target.victim.name, password: `guess ${i}` }),
    )
    const answers = await Promise.all(guesses)
    const limited = answers.filter(({ status }) => status === 429)
    expect(limited.length).toBeGreaterThanOrEqual(3)
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true)
    for (const { body } of limited) {
      expect(body.code).toBe('rate_limited')
      expect(Number(body.retryAfterMs)).toBeGreaterThan(0)
    }
  })

  test('a hundred writes at once by HTTP are done or refused too_many', async () => {
    const post = () => postJson(`${url}/v1/requests`, message(world.ownGroup, 'by HTTP'), token)
    const answers = await Promise.all(Array.from({ length: 100 }, post))
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(refused.map(() => [429, 'too_many']))
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(unansweredWritesMax)
  })

  test('an ended session is worth nothing, by HTTP and on its sockets', async () => {
    const ending = await logIn(url, target.mallory, crypto.randomUUID())
    const live = await connectLive(url, ending)
    const headers = { authorization: `Bearer ${ending}` }
    expect((await ask(url, { method: 'DELETE', path: '/v1/sessions/current', headers })).status).toBe(204)
    expect(await within(live.closed, 'the close')).toBe(4401)
    expect((await ask(url, { path: '/v1/me', headers })).status).toBe(401)
    const again = await connectRude(url)
    expect((await again.ask({ op: 'hello', token: ending, device: crypto.randomUUID() })).code).toBe('unauthorized')
    expect(await within(again.closed, 'the close')).toBe(4401)
  })
})

testOperatorInput(() => target)

describe('bytes that are no HTTP are answered and cut off', () => {
  test.each(brokenHttp)('%s', async (_, bytes, expected) => {
    const answer = await sendRaw(url, bytes)
    expect(answer).toMatch(expected)
    expect(tellsInternals(answer), answer).toBe(false)
  })

  test('fifty pipelined requests are answered one by one', async () => {
    const one = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'
    const last = 'GET /v1/nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
    const answer = await sendRaw(url, one.repeat(50) + last)
    expect(answer.split('HTTP/1.1 200 ').length - 1).toBe(50)
    expect(answer).toMatch(/HTTP\/1.1 404 [\s\S]*"code":"not_found"[^}]*}$/)
  })

  test('a client that hangs up its side still gets its answer', async () => {
    const net = createConnection({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
    net.end('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    const chunks: Buffer[] = []
    for await (const chunk of net) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 200 /)
  })
})

describe('before hello', () => {
  test('any other request is refused and the connection closed with 4400', async () => {
    for (const op of ['ping', 'send', 'sync', 'logout', 'obey']) {
      const early = await connectRude(url)
      expect((await early.ask({ op })).code).toBe('unauthorized')
      expect(await within(early.closed, 'the close')).toBe(4400)
    }
  })

  test('a hello that is wrong in its fields is invalid, and a right one is still welcome', async () => {
    const early = await connectRude(url)
    const [, frames] = wrongShapes.find(([op]) => op === 'hello') ?? ['', []]
    for (const [title, fields] of frames)
      expect(codeOf(await early.ask({ ...fields, op: 'hello' })), title).toBe('invalid')
    expect((await early.ask({ op: 'hello', token, device: crypto.randomUUID() })).op).toBe('ok')
    early.drop()
  })

  test('a hello with a token that is not ours is unauthorized and closed with 4401', async () => {
    for (const forged of ['x', `${token}x.y`, token.slice(0, -4), 'x'.repeat(4_096)]) {
      const early = await connectRude(url)
      expect((await early.ask({ op: 'hello', token: forged, device: crypto.randomUUID() })).code).toBe('unauthorized')
      expect(await within(early.closed, 'the close')).toBe(4401)
    }
  })

  test('what is pipelined behind hello waits for it', async () => {
    const early = await connectRude(url)
    early.say(JSON.stringify({ op: 'hello', ref: 1, token, device: crypto.randomUUID() }))
    for (let ref = 2; ref < 40; ref++) early.say(JSON.stringify({ ref, ...message(world.ownGroup, `early ${ref}`) }))
    for (let ref = 1; ref < 40; ref++) expect((await early.answer(ref)).op).toBe('ok')
    early.drop()
  })

  test('a newer hello of a device closes the older with 4409', async () => {
    const hello = { op: 'hello', token, device: crypto.randomUUID() }
    const older = await connectRude(url)
    await older.ask(hello)
    const newer = await connectRude(url)
    await newer.ask(hello)
    expect(await within(older.closed, 'the close')).toBe(4409)
    expect((await newer.ask({ op: 'ping' })).op).toBe('ok')
    newer.drop()
  })
})

describe('a request that is wrong is answered, and the connection lives', () => {
  test.each(frameCases)('%s', async (_, frame, code) => {
    const answer = await rude.ask(frame(world))
    expect(codeOf(answer), JSON.stringify(answer)).toBe(code)
  })

  test.each(wrongShapes.filter(([op]) => op !== 'hello'))('%s in every wrong shape', async (op, frames) => {
    const answers = await Promise.all(frames.map(([, fields]) => rude.ask({ ...fields, op })))
    const wronglyTaken = answers.flatMap((answer, i) =>
      codeOf(answer) === 'invalid' ? [] : [[frames[i]?.[0], answer]],
    )
    expect(wronglyTaken).toEqual([])
  })

  test('a clientMsgId that was used gives the same answer again, whatever it says now', async () => {
    const first = message(world.ownGroup, 'once')
    const { seq } = await rude.ask(first)
    const again = await rude.ask({ ...first, body: { kind: 'text', text: 'twice' } })
    expect([again.op, again.seq, again.duplicate]).toEqual(['ok', seq, true])
  })

  test('two hundred sends at once are all answered, in order', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => rude.ask(message(world.ownGroup, `${i}`))))
    expect(answers.filter(({ op }) => op !== 'ok')).toEqual([])
    const seqs = answers.map(({ seq }) => Number(seq))
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
  })

  test('a frame of exactly 64 KiB is read', async () => {
    const ref = 77
    const head = `{"op":"ping","ref":${ref}`
    rude.say(`${head}${' '.repeat(frameBytesMax - head.length - 1)}}`)
    expect((await rude.answer(ref)).op).toBe('ok')
  })

  test('the same ref twice is answered twice', async () => {
    const live = await connectLive(url, token)
    live.say('{"op":"ping","ref":-1}')
    expect((await live.answer(-1)).op).toBe('ok')
    live.drop()
  })

  test('after all that, it is still the same connection', async () => {
    expect(rude.isOpen()).toBe(true)
    expect((await rude.ask({ op: 'me' })).op).toBe('ok')
  })
})

describe('what cannot be read as a request closes that connection', () => {
  test.each(malformedTexts)('%s: 4400', async (_, text) => {
    const live = await connectLive(url, token)
    live.say(text)
    expect(await within(live.closed, 'the close')).toBe(4400)
  })

  test('a binary frame: 4400', async () => {
    const live = await connectLive(url, token)
    live.sayBinary(Buffer.from('{"op":"ping","ref":1}'))
    expect(await within(live.closed, 'the close')).toBe(4400)
  })

  test.each([frameBytesMax + 1, 10 * 1024 * 1024])('a frame of %i bytes: 1009', async (bytes) => {
    const live = await connectLive(url, token)
    live.say(`"${'x'.repeat(bytes - 2)}"`)
    expect(await within(live.closed, 'the close')).toBe(1009)
  })

  test.each(brokenFraming)('%s', async (_, bytes, code) => {
    const live = await connectLive(url, token)
    live.net.write(bytes)
    expect(await within(live.closed, 'the close')).toBe(code)
  })

  test('more than 1 MiB before hello was answered: 4503', async () => {
    const early = await connectRude(url)
    early.say(JSON.stringify({ op: 'hello', ref: 1, token, device: crypto.randomUUID() }))
    const frame = JSON.stringify({ op: 'ping', ref: 2, x: 'x'.repeat(60 * 1024) })
    for (let i = 0; i < 40; i++) early.say(frame)
    await Promise.race([early.answer(1), early.closed])
    const outcome = await Promise.race([
      early.closed,
      early.answer(2).then(
        ({ code }) => code,
        () => early.closed,
      ),
    ])
    expect(['invalid', 4503]).toContain(outcome)
    early.drop()
  })
})

describe('what is only unusual is understood', () => {
  test('a request in pieces, with pings between them', async () => {
    const live = await connectLive(url, token)
    for (const piece of fragments('{"op":"ping","ref":4711}', 3)) {
      live.net.write(piece)
      live.net.write(ping('still here'))
    }
    expect((await live.answer(4711)).op).toBe('ok')
    live.drop()
  })

  test('a request byte by byte', async () => {
    const live = await connectLive(url, token)
    live.net.setNoDelay(true)
    for (const byte of wireFrame({ payload: '{"op":"ping","ref":4712}' })) {
      await new Promise((resolve) => live.net.write(Buffer.from([byte]), resolve))
    }
    expect((await live.answer(4712)).op).toBe('ok')
    live.drop()
  })
})

describe('people who vanish', () => {
  test('a client that hangs up its side is let go', async () => {
    const live = await connectLive(url, token)
    live.net.end()
    await within(live.closed, 'the server ends its side')
  })

  test('a reset in the middle of a frame', async () => {
    const live = await connectLive(url, token)
    live.net.write(wireFrame({ claimedBytes: 1_000n, payload: '{"op":"se' }))
    live.net.resetAndDestroy()
    await within(live.closed, 'it is gone')
  })

  test('five hundred connections opened and dropped, at every step of a connection', async () => {
    const dropAfter = async (step: number) => {
      if (step === 0) {
        createConnection(Number(new URL(url).port), '127.0.0.1').destroy()
        return
      }
      const fleeting = await connectRude(url)
      if (step === 2) fleeting.say(JSON.stringify({ op: 'hello', ref: 1, token, device: crypto.randomUUID() }))
      if (step === 3) fleeting.net.resetAndDestroy()
      fleeting.drop()
    }
    for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 50 }, (_, i) => dropAfter(i % 4)))
    await waitUntil(async () => (await metric(url, 'chat_connector_connections')) < 20, {
      deadlineMs: 10_000,
      what: 'all of them are forgotten',
    })
  })
})

describe('people who ask and never listen', () => {
  const memoryMax = 96 * 1024 * 1024

  test('pings of the protocol without end cost bounded memory', async () => {
    const before = await residentBytes(url)
    const deaf = await connectLive(url, token)
    deaf.net.pause()
    const flood = Buffer.concat(Array.from({ length: 8_000 }, () => ping('x'.repeat(125))))
    let mebibytes = 0
    const pour = async () => {
      for (; mebibytes < 200 && !deaf.net.destroyed; mebibytes++)
        await new Promise((resolve) => deaf.net.write(flood, resolve))
    }
    await Promise.race([pour(), new Promise((resolve) => setTimeout(resolve, 2_000))])
    expect(mebibytes, 'it is not read to the end').toBeLessThan(200)
    expect((await residentBytes(url)) - before).toBeLessThan(memoryMax)
    deaf.drop()
  })

  test('answers that nobody reads cost bounded memory, and end with 4508', async () => {
    await waitUntil(async () => (await metric(url, 'chat_connector_closes_total{code="4508"}')) > 0, {
      deadlineMs: 15_000,
      everyMs: 100,
      what: 'the slow reader is closed',
    })
    expect((await residentBytes(url)) - target.residentBefore).toBeLessThan(2 * memoryMax)
    target.deaf.drop()
  }, 20_000)
})

describe('slow ones are not waited for', () => {
  test('no hello within 10 s: 4511', async () => expect(await target.slow.noHello).toBe(4511), 20_000)

  test.each(['halfHeader', 'halfBody'] as const)(
    '%s: 408',
    async (which) => {
      expect(await target.slow[which]).toMatch(/^HTTP\/1.1 408 [\s\S]*problem\+json/)
    },
    25_000,
  )

  test('a connection that says nothing is cut off', async () => void (await target.slow.silence), 25_000)
})

describe('and all the while', () => {
  test('the innocent on the same connector noticed nothing', async () => {
    const { said, slowestAckMs, ...talk } = await target.innocents.stop()
    expect(said).toBeGreaterThan(100)
    expect(talk).toEqual({ heard: said, connects: 2, closes: [], resyncs: 0, contradictions: [] })
    expect(slowestAckMs).toBeLessThan(3_000)
  }, 20_000)

  test('the process is the same, well, and has nothing to report', async () => {
    expect((await ask(url, { path: '/healthz' })).text).toBe('{"status":"ok"}')
    expect((await ask(url, { path: '/readyz' })).status).toBe(200)
    expect(target.server.kill('SIGCONT'), 'alive').toBe(true)
    const reported = target.server
      .logs()
      .split('\n')
      .filter((line) => /"level":(50|60)|Error:|\n\s+at /.test(line))
    expect(reported).toEqual([])
  })

  test('it stops as if nothing had happened', async () => {
    rude.drop()
    target.server.kill('SIGTERM')
    expect(await within(target.server.exited, 'the process ends', 25_000)).toEqual({ code: 0, signal: null })
  }, 30_000)
})
