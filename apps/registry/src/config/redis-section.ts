import { z } from 'zod';
import { duration, flag, integer, section, text } from './values.ts';

const texts = (expected: string) => z.array(text(), { error: expected }).default([]);

/** The keys of distribution 3, and those of 2 (`addr`, `tls.enabled`). */
export const redis = section({
  /** `host:port`; several are a cluster or, with `mastername`, sentinels. */
  addrs: texts('a list of addresses, such as [localhost:6379]'),
  /** Distribution 2: one address. `addrs` wins over it. */
  addr: text('an address such as localhost:6379').optional(),
  username: text().optional(),
  password: text().optional(),
  db: integer().min(0, { error: 'an integer, 0 or more' }).default(0),
  clientname: text().optional(),
  mastername: text().optional(),
  sentinelusername: text().optional(),
  sentinelpassword: text().optional(),
  /** How long a connection may take to be made. Default 5 s, which also 0 means. */
  dialtimeout: duration().optional(),
  /** How long a command may take: the longer of the two. Default 3 s, which also 0 means. */
  readtimeout: duration().optional(),
  writetimeout: duration().optional(),
  /** Any of the others switches TLS on as well. */
  tls: section({
    enabled: flag(false),
    certificate: text('the path of a PEM file').optional(),
    key: text('the path of a PEM file').optional(),
    rootcas: texts('a list of paths'),
  }).prefault({}),
});
