//! What the necks of this package promise, locked in `snapshots/`; `INSTA_UPDATE=always` writes them anew.

use neckar::testing::assert_rows;

#[test]
fn my_neck() {
    assert_rows!("necks/my_neck.arch");
}

#[test]
fn slim_neck() {
    assert_rows!("necks/my_neck.arch", channels = [128, 256, 512], c = 16, fuse = add);
}

mod networks {
    neckar::arch!("necks/small.arch");
}

#[test]
fn small_neck() {
    assert_rows!(networks::small_neck);
}
