//! Resized photos in memory; the least recently used leaves first.

use std::{collections::BTreeMap, sync::Arc};

use super::source::Domain;
use crate::image::Rgb;

/// A photo's set and its index there.
type Key = (Domain, usize);

/// Photos with at most `capacity` bytes of pixels in total.
pub struct Cache {
    capacity: usize,
    used: usize,
    /// Rises with every use, so the smallest stamp is the oldest.
    clock: u64,
    photos: BTreeMap<Key, (u64, Arc<Rgb>)>,
    by_age: BTreeMap<u64, Key>,
}

impl Cache {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, used: 0, clock: 0, photos: BTreeMap::new(), by_age: BTreeMap::new() }
    }

    /// Bytes of all pixels in it.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Returns a photo and makes it the youngest.
    pub fn get(&mut self, key: Key) -> Option<Arc<Rgb>> {
        let (stamp, photo) = self.photos.get_mut(&key)?;
        self.clock += 1;
        self.by_age.remove(stamp);
        self.by_age.insert(self.clock, key);
        *stamp = self.clock;
        Some(Arc::clone(photo))
    }

    /// Adds a photo that is not in the cache, and drops the oldest until it fits. A photo that can
    /// never fit is not kept.
    pub fn insert(&mut self, key: Key, photo: Arc<Rgb>) {
        let bytes = photo.pixels.capacity();
        if bytes > self.capacity {
            return;
        }
        while self.used > self.capacity - bytes {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            self.used -= self.photos.remove(&oldest).map_or(0, |(_, old)| old.pixels.capacity());
        }
        self.clock += 1;
        self.used += bytes;
        self.by_age.insert(self.clock, key);
        self.photos.insert(key, (self.clock, photo));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Compares with a simple list sorted by age.
    #[test]
    fn the_oldest_leaves_first_and_the_bound_holds() {
        let mut random = Random::new(1);
        let mut cache = Cache::new(100);
        let mut list: Vec<(Key, usize)> = Vec::new();
        for _ in 0..5000 {
            let domain = if random.below(2) == 0 { Domain::A } else { Domain::B };
            let key = (domain, random.below(6));
            let place = list.iter().position(|(known, _)| *known == key);
            let found = cache.get(key).map(|photo| photo.pixels.len());
            assert_eq!(found, place.map(|place| list[place].1));
            if let Some(place) = place {
                let youngest = list.remove(place);
                list.push(youngest);
            } else {
                let pixels = random.below(35) + 1;
                let photo = Rgb::new(pixels, 1, vec![0; 3 * pixels]).unwrap();
                cache.insert(key, Arc::new(photo));
                if 3 * pixels <= 100 {
                    list.push((key, 3 * pixels));
                }
                while list.iter().map(|(_, bytes)| bytes).sum::<usize>() > 100 {
                    list.remove(0);
                }
            }
            assert_eq!(cache.used(), list.iter().map(|(_, bytes)| bytes).sum::<usize>());
        }
    }
}
