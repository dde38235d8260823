using System;

namespace Aurora.Nvme;

/// <summary>Why a controller could not be brought up, or stopped serving.</summary>
public enum NvmeFault : byte
{
    None,

    /// <summary>Registers read as all ones: the device is not there any more.</summary>
    Removed,

    /// <summary>CSTS.CFS: the controller met a fatal error.</summary>
    FatalStatus,

    /// <summary>CAP.CSS lacks the NVM command set.</summary>
    NoNvmCommandSet,

    /// <summary>CAP.MPSMIN is above 4 KiB.</summary>
    PageSizeUnsupported,

    /// <summary>The doorbells of the queues lie beyond the register block.</summary>
    DoorbellsBeyondRegisters,

    /// <summary>There was no memory for queues or PRP lists.</summary>
    OutOfMemory,

    /// <summary>CSTS.RDY did not follow CC.EN in time.</summary>
    ReadyTimeout,

    /// <summary>An admin command was not completed in time.</summary>
    AdminTimeout,

    /// <summary>An admin command failed; the status tells how.</summary>
    AdminCommandFailed,

    /// <summary>An admin completion named a command that is not outstanding.</summary>
    AdminProtocol,

    /// <summary>CNTRLTYPE: a discovery or administrative controller, which does no I/O.</summary>
    NotAnIoController,

    /// <summary>SQES or CQES exclude 64-byte or 16-byte entries.</summary>
    EntrySizesUnsupported,

    /// <summary>The namespace does not exist or is inactive.</summary>
    NamespaceMissing,

    /// <summary>The namespace is smaller than one 4-KiB block.</summary>
    NamespaceTooSmall,

    /// <summary>The namespace's format carries metadata or protection information.</summary>
    MetadataFormat,

    /// <summary>The namespace's logical blocks are neither 512 bytes nor 4 KiB.</summary>
    LogicalBlockSizeUnsupported,

    /// <summary>The flush after switching the write cache off failed; the status tells how.</summary>
    FlushFailed,

    /// <summary>An I/O command was not completed in time, and aborting it did not help.</summary>
    CommandTimeout,

    /// <summary>CSTS.RDY fell without anybody clearing CC.EN.</summary>
    LostReady,

    /// <summary>Somebody asked for a reset.</summary>
    ResetRequested,

    /// <summary>After a reset, or by its own account, the controller or its namespace is another one, or has another size or format.</summary>
    IdentityChanged,
}

/// <summary>Names of faults for log lines.</summary>
public static class NvmeFaultNames
{
    public static ReadOnlySpan<byte> NameOf(NvmeFault fault) => fault switch
    {
        NvmeFault.None => "no fault"u8,
        NvmeFault.Removed => "the device was removed"u8,
        NvmeFault.FatalStatus => "the controller reports a fatal error"u8,
        NvmeFault.NoNvmCommandSet => "the controller lacks the NVM command set"u8,
        NvmeFault.PageSizeUnsupported => "the controller's smallest page is above 4 KiB"u8,
        NvmeFault.DoorbellsBeyondRegisters => "the doorbells lie beyond the register block"u8,
        NvmeFault.OutOfMemory => "out of memory for queues"u8,
        NvmeFault.ReadyTimeout => "the controller did not change its ready state in time"u8,
        NvmeFault.AdminTimeout => "an admin command timed out"u8,
        NvmeFault.AdminCommandFailed => "an admin command failed"u8,
        NvmeFault.AdminProtocol => "an admin completion names no outstanding command"u8,
        NvmeFault.NotAnIoController => "not an I/O controller"u8,
        NvmeFault.EntrySizesUnsupported => "the controller's queue entry sizes are not supported"u8,
        NvmeFault.NamespaceMissing => "the namespace does not exist or is inactive"u8,
        NvmeFault.NamespaceTooSmall => "the namespace is smaller than 4 KiB"u8,
        NvmeFault.MetadataFormat => "the namespace is formatted with metadata"u8,
        NvmeFault.LogicalBlockSizeUnsupported => "the namespace's logical block size is neither 512 nor 4096"u8,
        NvmeFault.FlushFailed => "the flush of the write cache failed"u8,
        NvmeFault.CommandTimeout => "an I/O command timed out"u8,
        NvmeFault.ResetRequested => "a reset was asked for"u8,
        NvmeFault.LostReady => "the controller stopped being ready by itself"u8,
        NvmeFault.IdentityChanged => "the controller or its namespace is not the one it was"u8,
        _ => "unknown fault"u8,
    };
}
