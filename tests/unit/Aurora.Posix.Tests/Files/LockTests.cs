using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed unsafe class LockTests
{
    /// <summary>Random record locks of three owners against an array that says who holds each byte how.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Record_locks_match_a_table_of_bytes(int seed)
    {
        const int bytes = 40;
        using var world = new FileWorld();
        world.WriteFile("/f", "x"u8);
        Inode* inode = world.At("/f");
        var random = new Random(seed);
        var held = new LockRequest[3, bytes];
        for (int owner = 0; owner < 3; owner++)
            for (int i = 0; i < bytes; i++)
                held[owner, i] = LockRequest.Unlock;
        for (int step = 0; step < 2000; step++)
        {
            int owner = random.Next(3);
            int start = random.Next(bytes);
            int end = random.Next(start, bytes);
            var request = (LockRequest)random.Next(3);
            bool conflicts = false;
            for (int other = 0; other < 3; other++)
                for (int i = start; i <= end; i++)
                    conflicts |= other != owner && request != LockRequest.Unlock && held[other, i] != LockRequest.Unlock
                        && (request == LockRequest.Exclusive || held[other, i] == LockRequest.Exclusive);
            Errno result = world.Files.Locks.Set(inode, Owner(owner), owner, false, request, (ulong)start, (ulong)end);
            Assert.Equal(conflicts ? Errno.EAGAIN : Errno.Ok, result);
            if (conflicts)
                continue;
            for (int i = start; i <= end; i++)
                held[owner, i] = request;
            CheckNoOverlap(inode);
        }
        for (int owner = 0; owner < 3; owner++)
            world.Files.Locks.ReleaseOwner(inode, Owner(owner));
        Assert.True(inode->FirstLock == null);
    }

    private static ObjectId Owner(int index) => new((ulong)(1000 + index));

    private static void CheckNoOverlap(Inode* inode)
    {
        for (FileLock* one = inode->FirstLock; one != null; one = one->Next)
            for (FileLock* two = one->Next; two != null; two = two->Next)
            {
                bool isSameOwner = one->Owner == two->Owner;
                Assert.False(isSameOwner && one->Overlaps(two->Start, two->End));
                Assert.False(isSameOwner && one->IsExclusive == two->IsExclusive && (one->End + 1 == two->Start || two->End + 1 == one->Start));
            }
    }
}
