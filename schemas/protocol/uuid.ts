const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Any version, either case (RFC 9562 §4). It is compared and echoed as the client wrote it. */
export const isUuid = (text: string): boolean => uuidPattern.test(text)

/** Version 7 of the RFC's variant: its first 48 bits are a time. */
export const isUuidV7 = (text: string): boolean => isUuid(text) && text[14] === '7' && /[89ab]/i.test(text[19] ?? '')

/** The ms since the epoch that a UUID v7 carries. Of anything else: meaningless. */
export const uuidV7TimeMs = (uuid: string): number => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)
