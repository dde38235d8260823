using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>
/// One asynchronous command to a <see cref="BlockDevice"/>: contiguous blocks on the device, scattered pages in memory. The submitter
/// owns the memory of the request and its pages and must keep both unchanged until <see cref="Status"/> leaves Pending.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct BlockRequest
{
    public BlockOperation Operation;

    /// <summary>Set to Pending by Submit; written once by the device. Read it through <see cref="BlockDevice.IsComplete"/> when polling.</summary>
    public BlockStatus Status;

    /// <summary>The device's own status code when it reported one (NVMe: status code type and code).</summary>
    public ushort DeviceStatus;

    /// <summary>The number of 4-KiB blocks; zero for Flush.</summary>
    public int BlockCount;

    public BlockNumber Start;

    /// <summary>BlockCount pointers to page-aligned 4-KiB buffers from a <see cref="PageAllocator"/>; null for Flush, Discard, WriteZeroes.</summary>
    public void** Pages;

    /// <summary>For the submitter.</summary>
    public void* Context;

    /// <summary>For the device while the request is pending.</summary>
    public BlockRequest* Next;

    /// <summary>For the device: the fiber queue of whoever waits.</summary>
    public FiberQueue Waiters;
}
