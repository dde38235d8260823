using System;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Promises that hold without a byte of free memory, and what a restore must not leave lying about.</summary>
public sealed unsafe class ScarcityTests
{
    private const ulong Arena = 0x4000_0000;

    [Fact]
    public void TheConsoleTakesWhatItHasPromisedWithoutMemory()
    {
        using TestSession session = TestSession.Create();
        session.Pages.IsExhausted = true;
        int room = session.Group.Output.Room;
        Assert.True(room > 100_000);
        Assert.Equal(room, session.Group.Output.Write(new byte[room]));
        Assert.Equal(0, session.Group.Output.Room);
        session.Pages.IsExhausted = false;
    }

    [Fact]
    public void WhatNobodyRefersToEndsWithTheRestore()
    {
        using TestSession session = TestSession.Create();
        AddressSpace* half = session.NewSpace(Arena, 4);
        session.Store64(half, Arena, 7);
        ObjectId id = half->Header.Id;
        session.MakeFile("/a", "kept"u8);
        session.Checkpoint();
        int objects = session.Tracker.Count;

        using TestSession restored = TestSession.Open(session.Device);
        Assert.True(restored.Group.Restore(skipUnknownKinds: false, endUnreferenced: true).IsOk);
        Assert.True(restored.Tracker.Find(id) == null);

        // The space, its mapping and its memory.
        Assert.Equal(objects - 3, restored.Tracker.Count);
        Assert.Equal("kept"u8.ToArray(), restored.Contents("/a"));
        restored.Checkpoint();
        using TestSession again = TestSession.Open(session.Device);
        Assert.True(again.Group.Restore(skipUnknownKinds: false).IsOk);
        Assert.Equal(objects - 3, again.Tracker.Count);
    }
}
