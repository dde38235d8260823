// What the driver tells the operator. Every line starts with "nvme:"; device errors carry their name and number.
using System;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Formats the driver's log lines.</summary>
internal static unsafe class NvmeLog
{
    private const int LineBytes = 240;

    /// <summary>A device that fails every command must not drown the log: after this many errors, only every 1024th is logged.</summary>
    private const ulong LoggedErrors = 64;

    public static void Failure(NvmeState state, NvmeFault fault, NvmeStatus status)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: failed in state '"u8);
        line.Append(NvmeStateNames.NameOf(state));
        line.Append("': "u8);
        line.Append(NvmeFaultNames.NameOf(fault));
        if (fault is NvmeFault.AdminCommandFailed or NvmeFault.FlushFailed)
        {
            line.Append(": "u8);
            StatusNames.Append(ref line, status);
        }
        KernelLog.Line(line.Written);
    }

    public static void Warning(ReadOnlySpan<byte> what, NvmeStatus status)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: "u8);
        line.Append(what);
        line.Append(": "u8);
        StatusNames.Append(ref line, status);
        KernelLog.Line(line.Written);
    }

    /// <summary>One request failed on the device; <paramref name="errors"/> counts the errors so far, this one included.</summary>
    public static void RequestFailed(BlockRequest* request, NvmeStatus status, ulong errors)
    {
        if (errors > LoggedErrors && errors % 1024 != 0)
            return;
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: "u8);
        AppendRequest(ref line, request);
        line.Append(" failed: "u8);
        StatusNames.Append(ref line, status);
        if (errors >= LoggedErrors)
            line.Append("; too many errors, logging only some from here on"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>One request failed but is issued again; <paramref name="count"/> counts how often that happened.</summary>
    public static void TriedAgain(BlockRequest* request, NvmeStatus status, ulong count)
    {
        if (count > LoggedErrors && count % 1024 != 0)
            return;
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: trying again: "u8);
        AppendRequest(ref line, request);
        line.Append(" failed: "u8);
        StatusNames.Append(ref line, status);
        KernelLog.Line(line.Written);
    }

    /// <summary>A completion that names no outstanding command.</summary>
    public static void BadCompletion(int queue, in CompletionEntry completion, ulong count)
    {
        if (count > LoggedErrors && count % 1024 != 0)
            return;
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: queue "u8);
        line.AppendDecimal(queue);
        line.Append(": ignored a completion that names no outstanding command: id 0x"u8);
        line.AppendHex(completion.CommandId, 4);
        line.Append(", submission queue "u8);
        line.AppendDecimal(completion.SubmissionQueue);
        line.Append(", head "u8);
        line.AppendDecimal(completion.SubmissionHead);
        KernelLog.Line(line.Written);
    }

    /// <summary>The controller stopped serving for good; says what that means for the requests.</summary>
    public static void Stopped(NvmeFault fault, int lost, int resets, bool cutOff)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: gone: "u8);
        line.Append(NvmeFaultNames.NameOf(fault));
        line.Append("; "u8);
        line.AppendDecimal(lost);
        line.Append(" requests lost, "u8);
        line.AppendDecimal(resets);
        line.Append(" resets tried"u8);
        if (cutOff)
            line.Append("; cut off from memory because it did not stop by itself"u8);
        KernelLog.Line(line.Written);
    }

    public static void Resetting(NvmeFault fault, int resets)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: reset "u8);
        line.AppendDecimal(resets);
        line.Append(": "u8);
        line.Append(NvmeFaultNames.NameOf(fault));
        KernelLog.Line(line.Written);
    }

    public static void ResetDone(ulong nanoseconds, int requests)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: ready again after "u8);
        line.AppendDecimal(nanoseconds / 1000);
        line.Append(" us; "u8);
        line.AppendDecimal(requests);
        line.Append(" requests are issued again"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>A command is late and is being aborted.</summary>
    public static void Late(BlockRequest* request)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: "u8);
        AppendRequest(ref line, request);
        line.Append(" is late; aborting it"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>The controller reported something; <paramref name="count"/> counts its reports, this one included.</summary>
    public static void Event(AsynchronousEvent happened, ulong count)
    {
        if (count > LoggedErrors && count % 1024 != 0)
            return;
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: event: "u8);
        line.Append(happened.Name);
        line.Append(" (0x"u8);
        line.AppendHex(happened.Raw, 6);
        line.Append(")"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>The device's health, after it reported that something is wrong with it.</summary>
    public static void Health(HealthLog* log)
    {
        byte warning = log->CriticalWarning;
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: health: "u8);
        line.Append(warning == 0 ? "no critical warning"u8 : "critical warning:"u8);
        line.Append((warning & 1) != 0 ? " spare low,"u8 : default);
        line.Append((warning & 2) != 0 ? " temperature,"u8 : default);
        line.Append((warning & 4) != 0 ? " reliability degraded,"u8 : default);
        line.Append((warning & 8) != 0 ? " read-only,"u8 : default);
        line.Append((warning & 16) != 0 ? " volatile memory backup failed,"u8 : default);
        line.Append((warning & 32) != 0 ? " persistent memory region,"u8 : default);
        line.Append(warning == 0 ? ", temperature "u8 : " temperature "u8);
        line.AppendDecimal(log->Temperature);
        line.Append(" K, spare "u8);
        line.AppendDecimal(log->AvailableSparePercent);
        line.Append(" %, used "u8);
        line.AppendDecimal(log->PercentageUsed);
        line.Append(" %"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>The namespace has lost blocks at its end.</summary>
    public static void Shrunk(ulong blocks, ulong before)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: the namespace shrank from "u8);
        line.AppendDecimal(before);
        line.Append(" to "u8);
        line.AppendDecimal(blocks);
        line.Append(" blocks of 4 KiB; what lay beyond is lost"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>Introduces the controller: model, serial number, version.</summary>
    public static void Identified(IdentifyController* data, NvmeVersion version)
    {
        Span<byte> text = stackalloc byte[40];
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: "u8);
        line.Append(text[..data->CopyModelNumber(text)]);
        line.Append(", serial "u8);
        line.Append(text[..data->CopySerialNumber(text)]);
        line.Append(", version "u8);
        line.AppendDecimal(version.Major);
        line.Append("."u8);
        line.AppendDecimal(version.Minor);
        line.Append("."u8);
        line.AppendDecimal(version.Tertiary);
        KernelLog.Line(line.Written);
    }

    /// <summary>The figures behind a refusal that the fault's name alone does not give.</summary>
    public static void NamespaceRefused(uint id, IdentifyNamespace* data)
    {
        LbaFormat format = data->CurrentFormat;
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: namespace "u8);
        line.AppendDecimal(id);
        line.Append(": "u8);
        line.AppendDecimal(data->SizeLogicalBlocks);
        line.Append(" logical blocks of 2^"u8);
        line.AppendDecimal(format.DataShift);
        line.Append(" bytes with "u8);
        line.AppendDecimal(format.MetadataBytes);
        line.Append(" bytes of metadata (format "u8);
        line.AppendDecimal(data->CurrentFormatIndex);
        line.Append(")"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>The controller is ready.</summary>
    public static void Ready(NvmeNamespace ns, int pairs, int depth, bool polled, bool cached)
    {
        var line = new Utf8Writer(stackalloc byte[LineBytes]);
        line.Append("nvme: ready: "u8);
        line.AppendDecimal(ns.BlockCount);
        line.Append(" blocks of 4 KiB in "u8);
        line.AppendDecimal(ns.LogicalBlockBytes);
        line.Append("-byte sectors, "u8);
        line.AppendDecimal(pairs);
        line.Append(" queue pairs of depth "u8);
        line.AppendDecimal(depth);
        line.Append(polled ? ", polled"u8 : ", interrupts"u8);
        line.Append(", transfers up to "u8);
        line.AppendDecimal(ns.MaximumTransferBlocks);
        line.Append(" blocks, "u8);
        line.Append(cached ? "volatile write cache"u8 : "no volatile write cache"u8);
        KernelLog.Line(line.Written);
    }

    public static void AppendRequest(ref Utf8Writer line, BlockRequest* request)
    {
        line.Append(request->Operation switch
        {
            BlockOperation.Read => "read"u8,
            BlockOperation.Write => "write"u8,
            BlockOperation.Flush => "flush"u8,
            BlockOperation.Discard => "discard"u8,
            BlockOperation.WriteZeroes => "write zeroes"u8,
            _ => "unknown operation"u8,
        });
        if (request->Operation == BlockOperation.Flush)
            return;
        line.Append(" of block "u8);
        line.AppendDecimal(request->Start.Value);
        line.Append("+"u8);
        line.AppendDecimal(request->BlockCount);
    }
}
