/** What flow tables can do, and how they are to be set up [OF1.3.5 7.3.5.5]. */
import {
  constant,
  length,
  listOf,
  pad,
  rest,
  struct,
  text,
  transparent,
  u16,
  u32,
  u64,
  u8,
  union,
} from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { featureId, oxmId } from './feature-ids.js';
import { unknownProperty } from '../unknown.js';

/** Padding to 8 bytes follows a property, and is not in its length [OF1.3.5 7.3.5.5.2]. */
const propertyHeader = (type: number) =>
  ({ _type: constant(u16, type), _length: length(u16, { padTo: 8 }) }) as const;

/** The number of a table. */
const tableId = transparent('table_id', 'tableId', {
  /** 1 to 254: of a table after the one at hand. */
  tableId: u8,
});
const tableIds = listOf(tableId);
const featureIds = listOf(featureId);
const oxmIds = listOf(oxmId);

/** Instructions that a flow can have, by OFPIT. */
const instructions = struct('instructions', {
  ...propertyHeader(0),
  /** By OFPIT. */
  ids: featureIds,
});

/** As `instructions`, for the table-miss flow: so are all whose names end so. */
const instructionsMiss = struct('instructions_miss', {
  ...propertyHeader(1),
  /** By OFPIT. */
  ids: featureIds,
});

/** Tables that goto_table can lead to. */
const nextTables = struct('next_tables', {
  ...propertyHeader(2),
  /** In ascending order. */
  tableIds,
});

/** As `next_tables`, for the table-miss flow. */
const nextTablesMiss = struct('next_tables_miss', {
  ...propertyHeader(3),
  /** In ascending order. */
  tableIds,
});

/** Actions that write_actions can have, by OFPAT. */
const writeActions = struct('write_actions', {
  ...propertyHeader(4),
  /** By OFPAT. */
  ids: featureIds,
});

/** As `write_actions`, for the table-miss flow. */
const writeActionsMiss = struct('write_actions_miss', {
  ...propertyHeader(5),
  /** By OFPAT. */
  ids: featureIds,
});

/** Actions that apply_actions can have, by OFPAT. */
const applyActions = struct('apply_actions', {
  ...propertyHeader(6),
  /** By OFPAT. */
  ids: featureIds,
});

/** As `apply_actions`, for the table-miss flow. */
const applyActionsMiss = struct('apply_actions_miss', {
  ...propertyHeader(7),
  /** By OFPAT. */
  ids: featureIds,
});

/** Fields that a flow can match on; those with a mask can be masked freely. */
const match = struct('match', {
  ...propertyHeader(8),
  /** Fields without a value. */
  fields: oxmIds,
});

/** Fields that a flow need not match on. */
const wildcards = struct('wildcards', {
  ...propertyHeader(10),
  /** Fields without a value. */
  fields: oxmIds,
});

/** Fields that set_field can set in write_actions. */
const writeSetfield = struct('write_setfield', {
  ...propertyHeader(12),
  /** Fields without a value. */
  fields: oxmIds,
});

/** As `write_setfield`, for the table-miss flow. */
const writeSetfieldMiss = struct('write_setfield_miss', {
  ...propertyHeader(13),
  /** Fields without a value. */
  fields: oxmIds,
});

/** Fields that set_field can set in apply_actions. */
const applySetfield = struct('apply_setfield', {
  ...propertyHeader(14),
  /** Fields without a value. */
  fields: oxmIds,
});

/** As `apply_setfield`, for the table-miss flow. */
const applySetfieldMiss = struct('apply_setfield_miss', {
  ...propertyHeader(15),
  /** Fields without a value. */
  fields: oxmIds,
});

const extension = (type: number) =>
  ({
    ...propertyHeader(type),
    /** Who defines it. */
    experimenter: u32,
    /** The extension's own type. */
    expType: u32,
    /** Its own bytes. */
    data: rest,
  }) as const;

/** A property that an extension defines. */
const experimenter = struct('experimenter', extension(0xfffe));

/** As `experimenter`, for the table-miss flow. */
const experimenterMiss = struct('experimenter_miss', extension(0xffff));

/** What a table can do, in one respect [OF1.3.5 7.3.5.5.2]. */
const property = union(
  'table_feature_property',
  [
    instructions,
    instructionsMiss,
    nextTables,
    nextTablesMiss,
    writeActions,
    writeActionsMiss,
    applyActions,
    applyActionsMiss,
    match,
    wildcards,
    writeSetfield,
    writeSetfieldMiss,
    applySetfield,
    applySetfieldMiss,
    experimenter,
    experimenterMiss,
  ],
  unknownProperty,
);

/** What a table can do, in one respect [OF1.3.5 7.3.5.5.2]. */
export type TableFeatureProperty = Infer<typeof property>;

/** One table, and what it can do. */
const tableFeatures = struct('table_features', {
  _length: length(u16),
  /** 0 to 254. */
  tableId: u8,
  _pad: pad(5),
  /** 32 bytes of UTF-8 at most. */
  name: text(32),
  /** The bits of the metadata that a flow can match on. */
  metadataMatch: u64,
  /** The bits of the metadata that write_metadata can write. */
  metadataWrite: u64,
  /** A bitmap of OFPTC. */
  config: u32,
  /** How many flows fit. */
  maxEntries: u32,
  properties: listOf(property),
});

/** One table, and what it can do [OF1.3.5 7.3.5.5.1]. */
export type TableFeatures = Infer<typeof tableFeatures>;

/** Asks what the tables can do, where `entries` is empty; else sets up all tables so, if the switch can. */
export const tableFeaturesRequest = struct('table_features', { entries: listOf(tableFeatures) });

/** What the tables can do, in as many parts as it takes [OF1.3.5 7.3.5.5]. */
export const tableFeaturesReply = struct('table_features', { entries: listOf(tableFeatures) });
