/* msnapgroup.c - which group may use a database. Groups do not share lock files, so nothing but this keeps their programs apart: the header
 * of the region has a claim, the number of a group and that of an opening of the region, and whoever takes a lock looks at it. Only those
 * of that group go on, as long as the region stays in memory, which it does while anybody shows it. Is it another opening, all programs
 * that used the database have ended, or were restored after it: the claim says nothing any more, and who comes first makes his own.
 *
 * The number of an opening: persists are numbered, and the region leaves 65,536 numbers out when it comes into memory (docs/api.md). Who
 * waits for one of those is told ECANCELED, and as soon as the region has come into memory again, something else. So the multiple of 65,536
 * among them is the opening's, and a claim that is durable cannot be taken for one of a later opening. A clone of the region has the claim
 * too, and numbers of its own: so the number of the region is mixed into that of the opening, which in another is one that never was.
 *
 * A claim is used only when it is durable: what is not may be given up with the rest of the region. The group's lock file says of which
 * claim that is known; it is copied with the group, but the number of the group that is asked for is then another. It also says since which
 * generation of the group: the lock file goes back with the group, and no more knows who was writing, while the region, when a copy shows
 * it, stays as a writer left it that has gone. Who goes on after that has nothing dirty (he would have been ended), nor has anybody before
 * he has claimed the database anew. So what is dirty under a claim of the group that is not known is given up.
 *
 * A group may be copied at any moment, also between a look at the claim and what is done then. A copy does not go on if something of the
 * region was dirty when it was made. So before a change the claim is looked at, something is made dirty, and the claim is looked at again
 * (msnap_may_change). */
#define _GNU_SOURCE
#include "msnapvfs.h"
#include "../include/aurora.h"
#include <errno.h>
#include <stddef.h>

#define OPENING_SHIFT 16 /* openings are so far apart */
#define GROUP_BITS 28
#define ATTEMPTS 100
#define FIRST_STATE 1 /* the epoch of a region that has never been persisted */

/* Who asks: what a claim of this group begins with, and how often the group has gone back or become a copy. */
struct self { uint64_t group, generation; };

/* Zero, or -1. */
static int find_self(struct self *self)
{
    struct sls_group about;
    long generation = sls_generation(0, 0);
    if (generation < 0 || sls_group(0, &about) != 0)
        return -1;
    self->group = (about.id + 1) & ((1ull << GROUP_BITS) - 1);
    self->generation = (uint64_t)generation;
    return 0;
}

static int is_of(uint64_t claim, uint64_t group) { return (claim & ((1ull << GROUP_BITS) - 1)) == group; }

static uint64_t present_claim(const struct msnap_file *file)
{
    return __atomic_load_n(&msnap_header(file->region)->claim, __ATOMIC_SEQ_CST);
}

/* The claim is durable, and nothing that somebody left before the group went back is under it. */
static int is_known(const struct msnap_file *file, uint64_t claim, const struct self *self)
{
    return __atomic_load_n(&file->mark->claim, __ATOMIC_SEQ_CST) == claim
        && __atomic_load_n(&file->mark->generation, __ATOMIC_SEQ_CST) == self->generation;
}

static void make_dirty(void *at) { __asm__ volatile("lock orb $0, %0" : "+m"(*(char *)at) : : "memory"); }

/* The number of an opening as it is in a claim, and the other way. */
static uint64_t mixed(const struct msnap_file *file, uint64_t opening)
{
    return opening ^ ((uint64_t)file->region->md * 0x9E3779B97F4A7C15ull) >> GROUP_BITS;
}

/* The region has been in memory since the opening that a claim names. */
static int is_valid(const struct msnap_file *file, uint64_t claim)
{
    uint64_t opening = mixed(file, claim >> GROUP_BITS);
    return claim != 0 && msnap_wait(file->region->md, opening << OPENING_SHIFT) != 0 && errno == ECANCELED;
}

/* A claim of this opening, of which `durable` is a persist or the last one before it; zero: there is none. */
static uint64_t new_claim(const struct msnap_file *file, uint64_t group, uint64_t durable)
{
    for (uint64_t opening = (durable >> OPENING_SHIFT) + 1; opening > 0; opening--) {
        uint64_t claim = mixed(file, opening) << GROUP_BITS | group;
        if (is_valid(file, claim))
            return claim;
    }
    return 0;
}

#define WORD(member) (1u << offsetof(struct msnap_header, member) / sizeof(uint64_t))

/* The first page holds nothing but what is in these words. */
static int is_zero_but(const struct msnap_region *region, uint32_t words)
{
    for (size_t i = 0; i < MSNAP_PAGE / sizeof(uint64_t); i++)
        if (((const uint64_t *)region->base)[i] != 0 && (i >= 32 || (words & 1u << i) == 0))
            return 0;
    return 1;
}

/* Only a region that nobody has ever persisted, and in which nothing is stored, becomes a database: anything else is somebody's. Who has
 * begun to make it one may have changed its first page. What is known of it was asked for before. */
static int is_blank(const struct msnap_region *region, const struct msnap_info *info)
{
    /* A version without magic: somebody is about to make it one. */
    uint64_t version = __atomic_load_n(&msnap_header(region)->version, __ATOMIC_SEQ_CST);
    if (info->durable != FIRST_STATE || info->taken != FIRST_STATE || info->dirty > (version != 0 ? MSNAP_PAGE : 0))
        return 0;
    return version <= MSNAP_VERSION && is_zero_but(region, WORD(version));
}

/* Two groups began to make it a database, and what one gave up was half of what the other had stored, and has persisted since. Before it
 * is whole nobody stores anything else. */
static int is_half_made(const struct msnap_region *region)
{
    return msnap_header(region)->magic == MSNAP_MAGIC && is_zero_but(region, WORD(magic) | WORD(claim));
}

static int is_database(const struct msnap_region *region)
{
    return msnap_header(region)->magic == MSNAP_MAGIC && msnap_header(region)->version == MSNAP_VERSION;
}

/* The region is a database, or may become one; also when somebody makes it one and persists it meanwhile. */
static int check_region(struct msnap_file *file)
{
    struct msnap_info info;
    if (msnap_find(file->region->name, &info) != 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "its state");
    if (is_database(file->region) || is_blank(file->region, &info) || is_half_made(file->region) || is_database(file->region))
        return SQLITE_OK;
    sqlite3_log(SQLITE_CANTOPEN, "msnap: %s: the region is not a database", file->region->name);
    return SQLITE_CANTOPEN;
}

static void make_database(struct msnap_header *header)
{
    if (__atomic_load_n(&header->version, __ATOMIC_SEQ_CST) == 0)
        __atomic_store_n(&header->version, MSNAP_VERSION, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&header->magic, __ATOMIC_SEQ_CST) == 0)
        __atomic_store_n(&header->magic, MSNAP_MAGIC, __ATOMIC_SEQ_CST);
}

/* Claims the region in place of a claim that says nothing, unless somebody has: the claim that there is then. Two groups that make a region
 * a database store the same. */
static int make_claim(struct msnap_file *file, uint64_t group, uint64_t *claim)
{
    struct msnap_header *header = msnap_header(file->region);
    struct msnap_info info;
    if (msnap_find(file->region->name, &info) != 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "its state");
    uint64_t mine = new_claim(file, group, info.durable);
    if (mine == 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "its opening");
    make_database(header);
    if (__atomic_compare_exchange_n(&header->claim, claim, mine, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        *claim = mine;

    /* A cleaning up of another group's may have come between; one that comes later takes the claim along. */
    make_database(header);
    return SQLITE_OK;
}

/* Opening tries a few times, and tells it itself. */
static int refuse(const struct msnap_file *file)
{
    if (file->base.pMethods != NULL)
        sqlite3_log(SQLITE_PROTOCOL, "msnap: %s: a program of another group uses the database", file->region->name);
    return SQLITE_PROTOCOL;
}

/* The caller is no copy made since it was asked who it is, and from now on a copy would not go on. */
static int is_still(const struct msnap_file *file, const struct self *self)
{
    struct self now;
    make_dirty(msnap_header(file->region));
    return find_self(&now) == 0 && now.group == self->group && now.generation == self->generation;
}

/* Under the lock of claims, with a claim of this group that is not known. SQLITE_BUSY: once more, since something has changed. */
static int make_durable(struct msnap_file *file, uint64_t claim, const struct self *self)
{
    if (!is_still(file, self))
        return SQLITE_BUSY;

    /* What somebody has given up meanwhile may have taken it along: what is persisted is to be a database, claimed or not. */
    make_database(msnap_header(file->region));
    if (msnap_sync(file->region->md, MS_GLOBAL) < 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "claiming it for this group");
    /* Somebody may have given up what he found there before it was durable. */
    if (present_claim(file) != claim)
        return SQLITE_BUSY;
    __atomic_store_n(&file->mark->generation, self->generation, __ATOMIC_SEQ_CST);
    __atomic_store_n(&file->mark->claim, claim, __ATOMIC_SEQ_CST);
    return SQLITE_OK;
}

/* Gives up what nobody can finish, once: perhaps with the claim, if that was not durable. */
static int give_up_unfinished(struct msnap_file *file, const struct self *self, int *is_done)
{
    if (!is_still(file, self))
        return SQLITE_BUSY;
    if (msnap_give_up(file) != 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "giving up what was left before the group went back");
    *is_done = 1;
    return SQLITE_BUSY;
}

/* SQLITE_BUSY: once more. */
static int try_to_claim(struct msnap_file *file, int *has_given_up)
{
    struct self self;
    uint64_t claim = present_claim(file);
    if (find_self(&self) != 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "the group");
    if (is_valid(file, claim)) {
        if (!is_of(claim, self.group))
            return refuse(file);
        /* Somebody of this group was here first, and may be in the middle of a transaction. */
        if (is_known(file, claim, &self))
            return SQLITE_OK;
        if (!*has_given_up)
            return give_up_unfinished(file, &self, has_given_up);
    } else {
        int result = make_claim(file, self.group, &claim);
        if (result != SQLITE_OK)
            return result;
        if (!is_of(claim, self.group))
            return SQLITE_BUSY;
    }
    return make_durable(file, claim, &self);
}

/* Nobody else of this group is here, and nobody of it uses the database before this is done: so nothing is persisted by half. */
static int claim_durably(struct msnap_file *file)
{
    int result = SQLITE_BUSY, has_given_up = 0;
    for (int attempt = 0; attempt < ATTEMPTS && result == SQLITE_BUSY; attempt++) {
        result = check_region(file);
        if (result == SQLITE_OK)
            result = try_to_claim(file, &has_given_up);
    }
    if (result != SQLITE_BUSY)
        return result;
    errno = EAGAIN;
    return msnap_failure(file, SQLITE_IOERR_LOCK, "claiming it for this group");
}

/* SQLITE_BUSY: the database has to be claimed first. */
static int look_at_claim(struct msnap_file *file)
{
    struct self self;
    uint64_t claim = present_claim(file);
    if (find_self(&self) != 0)
        return msnap_failure(file, SQLITE_IOERR_LOCK, "the group");
    if (!is_valid(file, claim))
        return SQLITE_BUSY;
    if (!is_of(claim, self.group))
        return refuse(file);
    return is_known(file, claim, &self) ? SQLITE_OK : SQLITE_BUSY;
}

int msnap_claim(struct msnap_file *file)
{
    int result = look_at_claim(file);
    if (result != SQLITE_BUSY)
        return result;
    result = msnap_lock_claims(file);
    if (result != SQLITE_OK)
        return result;
    result = claim_durably(file);
    msnap_unlock_claims(file);
    return result;
}

/* Only who may change it makes something dirty; who was copied in between does not go on, or is refused then. Claiming it anew persists
 * that byte too, so then it is looked at once more. */
int msnap_may_change(struct msnap_file *file, void *at)
{
    int result = SQLITE_BUSY;
    for (int attempt = 0; attempt < ATTEMPTS && result == SQLITE_BUSY; attempt++) {
        result = msnap_claim(file);
        if (result != SQLITE_OK)
            break;
        make_dirty(at);
        result = look_at_claim(file);
    }
    return result == SQLITE_BUSY ? SQLITE_IOERR_LOCK : result;
}
