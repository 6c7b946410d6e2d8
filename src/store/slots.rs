//! The form of the key file: slots of one size, and the keys kept unwrapped.
//!
//! One size, because a key is erased by overwriting it where it lies; a file
//! that grows and compacts would leave copies behind.

use std::collections::HashMap;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::master::KEY_BYTES;

/// Divides a disk sector, so that a slot is never half written.
pub(super) const SLOT_BYTES: usize = 128;
pub(super) const HASH_BYTES: usize = 16;
pub(super) const NONCE_BYTES: usize = 24;
pub(super) const TAG_BYTES: usize = 16;

/// Room for every patient of a large clinic many times over, in a 2 GiB file.
pub(super) const SLOTS_MAX: u32 = 1 << 24;

/// Unwrapped keys kept at once: those of the chats that talk now, not of
/// everyone who ever did.
const KEYS_CACHED_MAX: usize = 4096;

const MAGIC: [u8; 8] = *b"PSOASKEY";
const VERSION: u8 = 1;
/// Sealed into the header, to recognise the master key by.
const CHECK: [u8; HASH_BYTES] = *b"psoas-bot check\0";
const CRC_AT: usize = SLOT_BYTES - 4;

const FREE: u8 = 0;
const USED: u8 = 1;

pub(super) type Hash = [u8; HASH_BYTES];
pub(super) type Nonce = [u8; NONCE_BYTES];
pub(super) type PatientKey = Zeroizing<[u8; KEY_BYTES]>;
pub(super) type SlotBytes = [u8; SLOT_BYTES];

/// What a slot's bytes say.
pub(super) enum Slot {
    Free,
    Used(UsedSlot),
    Damaged,
}

/// A patient's key, wrapped.
pub(super) struct UsedSlot {
    /// Random for each use of the slot: a row sealed under an earlier use
    /// carries another stamp.
    pub(super) stamp: u32,
    /// Keyed hash of bot and chat.
    pub(super) hash: Hash,
    nonce: Nonce,
    wrapped: [u8; KEY_BYTES + TAG_BYTES],
}

impl UsedSlot {
    /// Wraps a patient's key for the slot `index`.
    pub(super) fn wrap(
        wrapping: &[u8; KEY_BYTES],
        index: u32,
        hash: Hash,
        stamp: u32,
        nonce: Nonce,
        key: &[u8; KEY_BYTES],
    ) -> Option<Self> {
        let mut wrapped = [0; KEY_BYTES + TAG_BYTES];
        let (cipher, tag) = wrapped.split_at_mut(KEY_BYTES);
        cipher.copy_from_slice(key);
        tag.copy_from_slice(&encrypt(
            wrapping,
            &nonce,
            &place(index, hash, stamp),
            cipher,
        )?);
        Some(Self {
            stamp,
            hash,
            nonce,
            wrapped,
        })
    }

    /// The patient's key, or nothing when it is not of this slot and master key.
    pub(super) fn unwrap_key(&self, wrapping: &[u8; KEY_BYTES], index: u32) -> Option<PatientKey> {
        let (cipher, tag) = self.wrapped.split_first_chunk::<KEY_BYTES>()?;
        let mut key = Zeroizing::new(*cipher);
        let place = place(index, self.hash, self.stamp);
        decrypt(
            wrapping,
            &self.nonce,
            &place,
            &mut *key,
            tag.try_into().ok()?,
        )?;
        Some(key)
    }

    pub(super) fn encode(&self) -> SlotBytes {
        let mut bytes = [0; SLOT_BYTES];
        bytes[0] = USED;
        bytes[4..8].copy_from_slice(&self.stamp.to_be_bytes());
        bytes[8..24].copy_from_slice(&self.hash);
        bytes[24..48].copy_from_slice(&self.nonce);
        bytes[48..96].copy_from_slice(&self.wrapped);
        with_crc(bytes)
    }
}

impl Slot {
    pub(super) fn decode(bytes: &SlotBytes) -> Self {
        match bytes[0] {
            // Overwritten on erasure, or filled up by the file system.
            FREE if bytes.iter().all(|byte| *byte == 0) => Self::Free,
            USED if crc_holds(bytes) => {
                let mut used = UsedSlot {
                    stamp: 0,
                    hash: [0; HASH_BYTES],
                    nonce: [0; NONCE_BYTES],
                    wrapped: [0; KEY_BYTES + TAG_BYTES],
                };
                let mut stamp = [0; 4];
                stamp.copy_from_slice(&bytes[4..8]);
                used.stamp = u32::from_be_bytes(stamp);
                used.hash.copy_from_slice(&bytes[8..24]);
                used.nonce.copy_from_slice(&bytes[24..48]);
                used.wrapped.copy_from_slice(&bytes[48..96]);
                Self::Used(used)
            }
            _ => Self::Damaged,
        }
    }
}

/// What the header says of a master key.
pub(super) enum Header {
    Fits,
    OtherKey,
    OtherVersion(u8),
    Foreign,
}

impl Header {
    pub(super) fn encode(wrapping: &[u8; KEY_BYTES], nonce: Nonce) -> Option<SlotBytes> {
        let mut bytes = [0; SLOT_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8] = VERSION;
        bytes[16..40].copy_from_slice(&nonce);
        let mut check = CHECK;
        let tag = encrypt(wrapping, &nonce, &MAGIC, &mut check)?;
        bytes[40..56].copy_from_slice(&check);
        bytes[56..72].copy_from_slice(&tag);
        Some(with_crc(bytes))
    }

    pub(super) fn decode(wrapping: &[u8; KEY_BYTES], bytes: &SlotBytes) -> Self {
        if bytes[..8] != MAGIC || !crc_holds(bytes) {
            return Self::Foreign;
        }
        if bytes[8] != VERSION {
            return Self::OtherVersion(bytes[8]);
        }
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&bytes[16..40]);
        let mut check = CHECK;
        check.copy_from_slice(&bytes[40..56]);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&bytes[56..72]);
        match decrypt(wrapping, &nonce, &MAGIC, &mut check, &tag) {
            Some(()) if check == CHECK => Self::Fits,
            Some(()) | None => Self::OtherKey,
        }
    }
}

/// Encrypts in place and gives the tag; nothing when `bytes` are too many.
pub(super) fn encrypt(
    key: &[u8; KEY_BYTES],
    nonce: &Nonce,
    aad: &[u8],
    bytes: &mut [u8],
) -> Option<[u8; TAG_BYTES]> {
    XChaCha20Poly1305::new(&Key::from(*key))
        .encrypt_inout_detached(&XNonce::from(*nonce), aad, bytes.into())
        .ok()
        .map(Into::into)
}

/// Decrypts in place; nothing when key, `aad` or bytes are not the sealed ones.
pub(super) fn decrypt(
    key: &[u8; KEY_BYTES],
    nonce: &Nonce,
    aad: &[u8],
    bytes: &mut [u8],
    tag: &[u8; TAG_BYTES],
) -> Option<()> {
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt_inout_detached(&XNonce::from(*nonce), aad, bytes.into(), &Tag::from(*tag))
        .ok()
}

/// Binds a wrapped key to its slot, so that slots cannot be swapped.
fn place(index: u32, hash: Hash, stamp: u32) -> [u8; 4 + HASH_BYTES + 4] {
    let mut place = [0; 4 + HASH_BYTES + 4];
    place[..4].copy_from_slice(&index.to_be_bytes());
    place[4..20].copy_from_slice(&hash);
    place[20..].copy_from_slice(&stamp.to_be_bytes());
    place
}

fn with_crc(mut bytes: SlotBytes) -> SlotBytes {
    let crc = crc32fast::hash(&bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&crc.to_be_bytes());
    bytes
}

fn crc_holds(bytes: &SlotBytes) -> bool {
    crc32fast::hash(&bytes[..CRC_AT]).to_be_bytes() == bytes[CRC_AT..]
}

/// Unwrapped keys by slot, with the stamp they belong to.
///
/// Two generations: when the young one is full it becomes the old one, and
/// what nobody asked for since is wiped.
#[derive(Default)]
pub(super) struct KeyCache {
    young: HashMap<u32, (u32, PatientKey)>,
    old: HashMap<u32, (u32, PatientKey)>,
}

impl KeyCache {
    pub(super) fn find(&mut self, index: u32) -> Option<(u32, PatientKey)> {
        if let Some(found) = self.young.get(&index) {
            return Some(found.clone());
        }
        let (stamp, key) = self.old.remove(&index)?;
        self.keep(index, stamp, key.clone());
        Some((stamp, key))
    }

    pub(super) fn keep(&mut self, index: u32, stamp: u32, key: PatientKey) {
        if self.young.len() >= KEYS_CACHED_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(index, (stamp, key));
    }

    pub(super) fn forget(&mut self, index: u32) {
        self.young.remove(&index);
        self.old.remove(&index);
    }
}
