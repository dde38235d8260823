using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>A page of an object, and the number in its contents.</summary>
public readonly record struct PageValue(ulong Id, ulong Page, ulong Value);

/// <summary>A store on a memory device, with helpers that speak of pages by a single number in their contents.</summary>
public sealed unsafe class StoreHarness : IDisposable
{
    private readonly HostFibers _fibers = new();
    private readonly List<nint> _pagesInUse = [];
    private ulong _time = 1;
    private ulong _epoch;

    public StoreHarness(ulong blocks = 8192, uint logBlocks = 256, BlockDevice? device = null)
    {
        HostEnvironment.Install();
        Device = device ?? new MemoryBlockDevice(blocks);
        var options = new FormatOptions { UuidLow = 0x1234, UuidHigh = 0x5678, LogBlocks = logBlocks };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(Device, Pages, _fibers, options));
    }

    public HostPageAllocator Pages { get; } = new();

    public BlockDevice Device { get; set; }

    public MemoryBlockDevice Memory => (MemoryBlockDevice)Device;

    public OpenOptions Options = new() { CachedNodes = 64, CachedSpacePages = 32, OverlayBytes = 1 << 20 };

    public ObjectStore Store { get; private set; } = null!;

    public StoreFault OpenFault { get; private set; }

    public ObjectStore Open()
    {
        StoreStatus status = TryOpen();
        Assert.True(status == StoreStatus.Ok, $"open: {status} {OpenFault.Place} page {OpenFault.Page} block {OpenFault.Block.Value} found {OpenFault.Found}");
        return Store;
    }

    public StoreStatus TryOpen()
    {
        StoreStatus status = ObjectStore.Open(Device, Pages, _fibers, Options, out ObjectStore? store, out StoreFault fault);
        Store = store!;
        OpenFault = fault;
        return status;
    }

    public void Reopen(bool crash = false)
    {
        if (crash)
            Store.Abandon();
        else
            Assert.Equal(StoreStatus.Ok, Store.Close());
        FreePages();
        Open();
    }

    /// <summary>Opens the same device once more; until the work is done this is the harness's store.</summary>
    public void OpenBeside(Action work)
    {
        ObjectStore before = Store;
        try
        {
            Open();
            work();
        }
        finally
        {
            if (Store != before)
                Store?.Abandon();
            Store = before;
        }
    }

    public StoreCommit* Begin()
    {
        StoreCommit* commit = Store.Begin(VolumeId.First);
        Assert.True(commit != null);
        return commit;
    }

    public void Write(StoreCommit* commit, ulong id, ulong page, ulong value)
        => Assert.Equal(StoreStatus.Ok, TryWrite(commit, id, page, value));

    /// <summary>As Write; the commit may lack memory.</summary>
    public StoreStatus TryWrite(StoreCommit* commit, ulong id, ulong page, ulong value)
    {
        ulong* data = (ulong*)Pages.Allocate(1);
        for (int i = 0; i < 512; i++)
            data[i] = value + ((ulong)i * 0x9E3779B97F4A7C15);
        _pagesInUse.Add((nint)data);
        return Store.WritePage(commit, new ObjectId(id), page, data);
    }

    public StoreStatus TryCommit(StoreCommit* commit, string name = "", ulong nanoseconds = 10_000_000)
    {
        CommitInfo info = Info(name, nanoseconds);
        StoreStatus status = Store.Submit(commit, info);
        if (status == StoreStatus.Ok)
            status = Store.WaitDurable(commit);
        Store.Release(commit);
        FreePages();
        return status;
    }

    public CommitInfo Info(string name = "", ulong nanoseconds = 10_000_000)
    {
        _time += nanoseconds;
        var info = new CommitInfo { Epoch = new Epoch(++_epoch), RealtimeNanoseconds = _time };
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        info.NameLength = utf8.Length;
        for (int i = 0; i < utf8.Length && i < CommitInfo.MaxNameBytes; i++)
            info.Name[i] = utf8[i];
        return info;
    }

    public void Commit(StoreCommit* commit, string name = "") => Assert.Equal(StoreStatus.Ok, TryCommit(commit, name));

    /// <summary>One commit to a volume: objects' pages and their numbers.</summary>
    public void CommitTo(VolumeId volume, params ReadOnlySpan<PageValue> pages)
    {
        StoreCommit* commit = Store.Begin(volume);
        Assert.True(commit != null);
        foreach (PageValue page in pages)
            Write(commit, page.Id, page.Page, page.Value);
        Commit(commit);
    }

    /// <summary>As Read, from any volume.</summary>
    public ulong ReadFrom(VolumeId volume, ulong id, ulong page)
        => Read(page, (target) => Store.ReadPage(volume, new ObjectId(id), page, (void*)target));

    /// <summary>The number a page was written with; 0 for a hole.</summary>
    public ulong Read(ulong id, ulong page)
        => Read(page, (target) => Store.ReadPage(VolumeId.First, new ObjectId(id), page, (void*)target));

    public ulong Read(StoreView view, ulong id, ulong page) => Read(page, (target) => view.ReadPage(new ObjectId(id), page, (void*)target));

    public string? Record(ulong id)
    {
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        StoreStatus status = Store.ReadRecord(VolumeId.First, new ObjectId(id), buffer, out int length);
        if (status == StoreStatus.NotFound)
            return null;
        Assert.Equal(StoreStatus.Ok, status);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    public void PutRecord(StoreCommit* commit, ulong id, string text)
        => Assert.Equal(StoreStatus.Ok, Store.PutRecord(commit, new ObjectId(id), Encoding.UTF8.GetBytes(text)));

    /// <summary>A full check of the device finds nothing.</summary>
    public CheckReport CheckClean()
    {
        List<string> faults = Check(out CheckReport report);
        Assert.True(faults.Count == 0, string.Join("\n", faults));
        return report;
    }

    public List<string> Check(out CheckReport report)
    {
        var faults = new List<string>();
        var handle = System.Runtime.InteropServices.GCHandle.Alloc(faults);
        var options = new CheckOptions
        {
            VerifyData = true,
            Open = Options,
            OnFault = &AddFault,
            Context = (void*)System.Runtime.InteropServices.GCHandle.ToIntPtr(handle),
        };
        ObjectStore.Check(Device, Pages, _fibers, options, out report);
        handle.Free();
        return faults;
    }

    private static void AddFault(StoreFault* fault, void* context)
    {
        var faults = (List<string>)System.Runtime.InteropServices.GCHandle.FromIntPtr((nint)context).Target!;
        if (faults.Count < 20)
            faults.Add($"{fault->Status} {fault->Place} object {fault->Object.Value} page {fault->Page} block {fault->Block.Value} found {fault->Found:x}");
    }

    public void FreePages()
    {
        foreach (nint page in _pagesInUse)
            Pages.Free((void*)page, 1);
        _pagesInUse.Clear();
    }

    public void Dispose()
    {
        FreePages();
        Store?.Abandon();
        Assert.Equal(0, Pages.PagesOutstanding);
    }

    private ulong Read(ulong page, Func<nint, StoreStatus> read)
    {
        ulong* data = (ulong*)Pages.Allocate(1);
        StoreStatus status = read((nint)data);
        ulong value = data[0];
        bool isConsistent = true;
        for (int i = 0; i < 512; i++)
            isConsistent &= data[i] == (status == StoreStatus.Hole ? 0 : value + ((ulong)i * 0x9E3779B97F4A7C15));
        Pages.Free(data, 1);
        Assert.True(status is StoreStatus.Ok or StoreStatus.Hole, $"page {page}: {status} {Store?.LastFault.Place} block {Store?.LastFault.Block.Value}");
        Assert.True(isConsistent, $"page {page} holds a mixture");
        return status == StoreStatus.Hole ? 0 : value;
    }
}
