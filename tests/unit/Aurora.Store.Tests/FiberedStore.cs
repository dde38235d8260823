using System;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>A store on a device that takes time, used by fibers whose turns a seed chooses.</summary>
internal sealed unsafe class FiberedStore : IDisposable
{
    private readonly HostPageAllocator _pages = new();

    public FiberedStore(int seed, ulong blocks, uint logBlocks = 1024)
    {
        HostEnvironment.Install();
        Fibers = new BatonFibers(seed);
        Device = new QueueDevice(blocks, Fibers);
        var format = new FormatOptions { UuidLow = 1, LogBlocks = logBlocks };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(Device, _pages, Fibers, format));
        var options = new OpenOptions
        {
            BackgroundMaintenance = true, OrderedCommitBytes = logBlocks == 64 ? 20u * 4096 : 0, FewestApart = 100,
        };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(Device, _pages, Fibers, options, out ObjectStore? store, out _));
        Store = store!;
    }

    public BatonFibers Fibers { get; }

    public QueueDevice Device { get; }

    public ObjectStore Store { get; }

    public void Dispose() => _pages.Dispose();

    /// <summary>What is on the device is whole, and no memory is kept.</summary>
    public void Close()
    {
        Device.IsImmediate = true;
        Store.Abandon();
        var check = new CheckOptions { VerifyData = true };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Check(Device, _pages, Fibers, check, out CheckReport report));
        Assert.Equal(0UL, report.Faults);
        Assert.Equal(0, _pages.PagesOutstanding);
    }

    public static CommitInfo Info() => new() { RealtimeNanoseconds = 1 };

    /// <summary>Makes a further volume.</summary>
    public VolumeId Make()
    {
        Assert.Equal(StoreStatus.Ok, Store.CreateVolume(VolumeFlags.None, default, Info(), out VolumeId volume));
        return volume;
    }

    /// <summary>
    /// Writes so many pages of an object, which are one page in memory: for the caller to give back to <see cref="FreePage"/>.
    /// </summary>
    public void Fill(StoreCommit* commit, ulong id, ulong pages, out nint page)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        new Span<ulong>(data, 512).Fill(pages);
        page = (nint)data;
        for (ulong i = 0; i < pages; i++)
            Assert.Equal(StoreStatus.Ok, Store.WritePage(commit, new ObjectId(id), i, data));
    }

    /// <summary>Gives back what <see cref="Fill"/> has taken.</summary>
    public void FreePage(nint page) => _pages.Free((void*)page, 1);

    /// <summary>The first word of a page of object 1.</summary>
    public ulong ReadWord(VolumeId volume, ulong page)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        StoreStatus status = Store.ReadPage(volume, new ObjectId(1), page, data);
        ulong word = data[0];
        _pages.Free(data, 1);
        Assert.Equal(StoreStatus.Ok, status);
        return word;
    }

    /// <summary>Writes the first pages of an object, each full of their number, and waits until they are durable.</summary>
    public void Commit(VolumeId volume, ulong id, ulong pages, out ulong sequence)
    {
        StoreCommit* commit = Store.Begin(volume);
        Assert.True(commit != null);
        Fill(commit, id, pages, out nint page);
        Assert.Equal(StoreStatus.Ok, Store.Submit(commit, Info()));
        sequence = commit->SequenceNumber;
        Assert.Equal(StoreStatus.Ok, Store.WaitDurable(commit));
        Store.Release(commit);
        FreePage(page);
    }
}
