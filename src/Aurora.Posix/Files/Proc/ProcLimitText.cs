using System;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>/proc/N/limits.</summary>
internal static unsafe class ProcLimitText
{
    public static void Write(Process* process, ref Utf8Writer writer)
    {
        writer.Append("Limit                     Soft Limit           Hard Limit           Units     \n"u8);
        WriteLimit("Max cpu time              "u8, process->Limits[Resource.CpuSeconds], "seconds   \n"u8, ref writer);
        WriteLimit("Max file size             "u8, process->Limits[Resource.FileSize], "bytes     \n"u8, ref writer);
        WriteLimit("Max data size             "u8, process->Limits[Resource.Data], "bytes     \n"u8, ref writer);
        WriteLimit("Max stack size            "u8, process->Limits[Resource.Stack], "bytes     \n"u8, ref writer);
        WriteLimit("Max core file size        "u8, process->Limits[Resource.Core], "bytes     \n"u8, ref writer);
        WriteLimit("Max resident set          "u8, process->Limits[Resource.ResidentSet], "bytes     \n"u8, ref writer);
        WriteLimit("Max processes             "u8, process->Limits[Resource.Processes], "processes \n"u8, ref writer);
        WriteLimit("Max open files            "u8, process->Limits[Resource.OpenFiles], "files     \n"u8, ref writer);
        WriteLimit("Max locked memory         "u8, process->Limits[Resource.LockedMemory], "bytes     \n"u8, ref writer);
        WriteLimit("Max address space         "u8, process->Limits[Resource.AddressSpace], "bytes     \n"u8, ref writer);
        WriteLimit("Max file locks            "u8, process->Limits[Resource.FileLocks], "locks     \n"u8, ref writer);
        WriteLimit("Max pending signals       "u8, process->Limits[Resource.PendingSignals], "signals   \n"u8, ref writer);
        WriteLimit("Max msgqueue size         "u8, process->Limits[Resource.MessageQueueBytes], "bytes     \n"u8, ref writer);
        WriteLimit("Max nice priority         "u8, process->Limits[Resource.Nice], "\n"u8, ref writer);
        WriteLimit("Max realtime priority     "u8, process->Limits[Resource.RealTimePriority], "\n"u8, ref writer);
        WriteLimit("Max realtime timeout      "u8, process->Limits[Resource.RealTimeMicroseconds], "us        \n"u8, ref writer);
    }

    private static void WriteLimit(ReadOnlySpan<byte> label, ResourceLimit limit, ReadOnlySpan<byte> unit, ref Utf8Writer writer)
    {
        writer.Append(label);
        WriteLimitValue(limit.Soft, ref writer);
        WriteLimitValue(limit.Hard, ref writer);
        writer.Append(unit);
    }

    private static void WriteLimitValue(ulong value, ref Utf8Writer writer)
    {
        const int width = 21;
        int start = writer.Length;
        if (value == ResourceLimit.Infinity)
            writer.Append("unlimited"u8);
        else
            writer.AppendDecimal(value);
        while (writer.Length - start < width && !writer.Truncated)
            writer.Append((byte)' ');
    }
}
