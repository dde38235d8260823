using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>How a page read from the store ended.</summary>
public enum PageInStatus : byte
{
    /// <summary>The frame holds the page.</summary>
    Ok,

    /// <summary>The store has no such page: it is zero.</summary>
    Hole,

    /// <summary>The store could not deliver the page; accesses get a bus error.</summary>
    Failed,

    /// <summary>No frame to read into; the waiters try again.</summary>
    OutOfMemory,
}

/// <summary>A page somebody waits for. Lives in a bounded table. Protected by the kernel lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PageInRequest
{
    /// <summary>The object that gets the page; null once it has ended or the page has been cut off.</summary>
    internal VmObject* Object;

    /// <summary>The group whose object it is.</summary>
    public ushort Group;

    /// <summary>What to read: this page of this stored object of the group.</summary>
    public ObjectId Source;
    public ulong Page;

    /// <summary>Where threads wait for the page.</summary>
    public WaitQueue Waiters;

    /// <summary>
    /// Nobody wants the contents: <see cref="PageIns.CompleteProbe"/> tells what the store has from this page on. A pager may as well read
    /// it.
    /// </summary>
    public bool IsProbe;

    internal PageInRequest* NextQueued;
    internal PageInRequest* NextInBucket;
    internal bool IsActive;

    /// <summary>A checkpoint has changed what Source means since the request was made: what was read must not be used.</summary>
    internal bool IsStale;
}
