import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { formatCrc32c, updateCrc32c } from './crc32c.ts';
import { bytesOf, writeFile, writePieces } from './fixtures/contents.ts';
import { describeWithService, type ServiceUnderTest } from './fixtures/with-service.ts';

const SIZE = 700_000;
const ALIGNED = 2 * 256 * 1024;
const ROOT = { rootDirectory: 'root' };

interface Resource {
  readonly contentType: string;
  readonly size: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

async function resourceOf({ emulator }: ServiceUnderTest, key: string): Promise<Resource> {
  const url = `${emulator.endpoint}/storage/v1/b/${emulator.bucket}/o/${encodeURIComponent(key)}`;
  return (await (await fetch(url)).json()) as Resource;
}

/** Stores an upload as distribution does when it closes a writer. */
async function putUpload(
  { emulator, service }: ServiceUnderTest,
  { key, sent, rest }: { key: string; sent: Buffer; rest: Buffer },
): Promise<void> {
  const session = service.sessions.begin(key, 'application/octet-stream');
  session.content = sent;
  const uri = `${service.endpoint}/upload/storage/v1/b/${emulator.bucket}/o?uploadType=resumable&name=${key}&upload_id=${session.id}`;
  const type = 'application/x-docker-upload-session';
  const metadata = { 'Session-URI': uri, Offset: String(sent.byteLength) };
  const resource = JSON.stringify({ name: key, contentType: type, metadata });
  await fetch(
    `${emulator.endpoint}/upload/storage/v1/b/${emulator.bucket}/o?uploadType=multipart`,
    {
      method: 'POST',
      headers: { 'content-type': 'multipart/related; boundary=part' },
      body: Buffer.concat([
        Buffer.from(`--part\r\ncontent-type: application/json\r\n\r\n${resource}\r\n`),
        Buffer.from(`--part\r\ncontent-type: ${type}\r\n\r\n`),
        rest,
        Buffer.from('\r\n--part--\r\n'),
      ]),
    },
  );
}

describeWithService('a writer', (test) => {
  it('keeps an unfinished upload as distribution does, with a checksum beside it', async () => {
    const content = bytesOf(SIZE);
    await using writer = await test.createDriver(ROOT).openWriter('/unfinished');
    await writePieces(writer, content);
    await writer.close();
    const { contentType, size, metadata } = await resourceOf(test, 'root/unfinished');
    expect(contentType).toBe('application/x-docker-upload-session');
    expect(Number(size)).toBe(SIZE - ALIGNED);
    expect(metadata).toEqual({
      'Session-URI': expect.stringContaining('upload_id='),
      Offset: String(ALIGNED),
      Crc32c: formatCrc32c(updateCrc32c(0, content.subarray(0, ALIGNED))),
    });
  });

  it('keeps a short upload without a session', async () => {
    await using writer = await test.createDriver(ROOT).openWriter('/short');
    await writer.write(Buffer.from('hello'));
    await writer.close();
    const { metadata } = await resourceOf(test, 'root/short');
    expect(metadata).toMatchObject({ 'Session-URI': '', Offset: '0' });
    expect(test.service.requests.filter((request) => request.includes('resumable'))).toEqual([]);
  });

  it('makes a file of the common content type, with no metadata', async () => {
    await writeFile(test.createDriver(ROOT), '/file', bytesOf(SIZE));
    const { contentType, metadata } = await resourceOf(test, 'root/file');
    expect({ contentType, metadata }).toEqual({ contentType: 'application/octet-stream' });
  });

  it('goes on with an upload that distribution began', async () => {
    const content = bytesOf(SIZE);
    const [sent, rest] = [content.subarray(0, ALIGNED), content.subarray(ALIGNED, 600_000)];
    await putUpload(test, { key: 'root/begun', sent, rest });
    const driver = test.createDriver(ROOT);
    await using writer = await driver.openWriter('/begun', { append: true });
    expect(writer.size).toBe(600_000);
    await writePieces(writer, content.subarray(600_000));
    await writer.commit();
    expect(content.equals(await buffer(await driver.openReader('/begun')))).toBe(true);
  });

  it('shows an unfinished upload with its size, and lets nobody read it', async () => {
    const driver = test.createDriver();
    await using writer = await driver.openWriter('/data');
    await writePieces(writer, bytesOf(SIZE));
    await writer.close();
    expect((await driver.stat('/data'))?.size).toBe(SIZE);
    for (const read of [driver.getContent('/data'), driver.openReader('/data')]) {
      await expect(read).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    }
  });

  it('appends to a file that is complete', async () => {
    const driver = test.createDriver();
    const content = bytesOf(2 * SIZE);
    await writeFile(driver, '/file', content.subarray(0, SIZE + 1));
    await using writer = await driver.openWriter('/file', { append: true });
    expect(writer.size).toBe(SIZE + 1);
    await writePieces(writer, content.subarray(SIZE + 1));
    await writer.commit();
    expect(content.equals(await buffer(await driver.openReader('/file')))).toBe(true);
  });

  it('leaves a complete file alone when there is nothing to append', async () => {
    const driver = test.createDriver();
    await writeFile(driver, '/file', bytesOf(SIZE));
    await using writer = await driver.openWriter('/file', { append: true });
    test.service.requests.length = 0;
    await writer.commit();
    expect(test.service.requests).toEqual([]);
  });

  it('does not overwrite what another writer kept meanwhile', async () => {
    const driver = test.createDriver();
    const first = await driver.openWriter('/data', { append: true });
    const second = await driver.openWriter('/data', { append: true });
    await first.write(Buffer.from('first'));
    await second.write(Buffer.from('second'));
    await first.close();
    await expect(second.close()).rejects.toMatchObject({ code: 'FAILED' });
    expect((await driver.stat('/data'))?.size).toBe(5);
  });

  it('does not keep a file whose checksum is not that of what was written', async () => {
    const content = bytesOf(SIZE);
    const driver = test.createDriver(ROOT);
    const first = await driver.openWriter('/damaged');
    await writePieces(first, content);
    await first.close();
    const uri = (await resourceOf(test, 'root/damaged')).metadata?.['Session-URI'] ?? '';
    const session = test.service.sessions.find(new URL(uri).searchParams.get('upload_id') ?? '');
    session!.content[0]! ^= 1;
    await using writer = await driver.openWriter('/damaged', { append: true });
    await expect(writer.commit()).rejects.toMatchObject({ code: 'FAILED' });
    await expect(driver.getContent('/damaged')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  it('ends the upload session of what is cancelled', async () => {
    const driver = test.createDriver();
    const first = await driver.openWriter('/data', { append: true });
    await writePieces(first, bytesOf(SIZE));
    await first.close();
    expect(test.service.sessions.size).toBe(1);
    const next = await driver.openWriter('/data', { append: true });
    await next.cancel();
    expect(test.service.sessions.size).toBe(0);
    expect(await driver.stat('/data')).toBeUndefined();
  });

  it('passes over bytes that a process sent before it was lost', async () => {
    const content = bytesOf(3 * SIZE);
    const driver = test.createDriver();
    const first = await driver.openWriter('/data', { append: true });
    await writePieces(first, content.subarray(0, SIZE));
    await first.close();
    const lost = await driver.openWriter('/data', { append: true });
    await writePieces(lost, content.subarray(SIZE, 2 * SIZE));
    await using next = await driver.openWriter('/data', { append: true });
    expect(next.size).toBe(SIZE);
    await writePieces(next, content.subarray(SIZE));
    await next.commit();
    expect(content.equals(await buffer(await driver.openReader('/data')))).toBe(true);
  });
});
