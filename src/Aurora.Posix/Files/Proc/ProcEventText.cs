using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>What /proc/PID/fdinfo shows beside the usual of eventfds, timerfds, signalfds, pidfds and inotify instances.</summary>
internal sealed unsafe class ProcEventText(TimerFiles timers)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public void Write(OpenFile* file, ref Utf8Writer writer)
    {
        switch (file->Kind)
        {
            case FileKind.EventCounter:
                WriteCounter(file, EventCounterOperations.Of(file), ref writer);
                break;
            case FileKind.Timer:
                WriteTimer(TimerFileOperations.Of(file), ref writer);
                break;
            case FileKind.Signals:
                writer.Append("sigmask:\t"u8);
                writer.AppendHex(SignalFileOperations.Of(file)->Mask.Bits, 16);
                writer.Append((byte)'\n');
                break;
            case FileKind.ProcessHandle:
                WriteProcess(ProcessHandleOperations.Of(file)->Process, ref writer);
                break;
        }
    }

    private static void WriteProcess(Process* process, ref Utf8Writer writer)
    {
        long id = process == null ? -1 : process->Id;
        writer.Append("Pid:\t"u8);
        writer.AppendDecimal(id);
        writer.Append("\nNSpid:\t"u8);
        writer.AppendDecimal(id);
        writer.Append((byte)'\n');
    }

    /// <summary>The watches of an inotify instance, the youngest first. Whole lines: the next part begins with the one that did not
    /// fit.</summary>
    public static void WriteWatches(Inotify* instance, ref ProcPart part, ref Utf8Writer writer)
    {
        part.Length = writer.Length;
        ulong bound = part.Address == 0 ? ulong.MaxValue : part.Address;
        for (InotifyWatch* watch = InotifyTree.Below(instance->Tree, bound); watch != null;
            watch = InotifyTree.Below(instance->Tree, (ulong)watch->Number))
        {
            WriteWatch(watch, ref writer);
            part.NextAddress = (ulong)watch->Number + 1;
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    private static void WriteWatch(InotifyWatch* watch, ref Utf8Writer writer)
    {
        Inode* inode = watch->Inode;
        writer.Append("inotify wd:"u8);
        writer.AppendHex((ulong)watch->Number);
        writer.Append(" ino:"u8);
        writer.AppendHex(inode->IsProc ? inode->ProcKey.InodeNumber : inode->Number);
        writer.Append(" sdev:"u8);
        writer.AppendHex(inode->FileSystem);
        writer.Append(" mask:"u8);
        writer.AppendHex(watch->Mask);
        writer.Append(" ignored_mask:0 \n"u8);
    }

    private static void WriteCounter(OpenFile* file, EventCounter* counter, ref Utf8Writer writer)
    {
        const int width = 16;
        writer.Append("eventfd-count: "u8);
        int digits = 1;
        for (ulong rest = counter->Count >> 4; rest != 0; rest >>= 4)
            digits++;
        for (int i = digits; i < width; i++)
            writer.Append((byte)' ');
        writer.AppendHex(counter->Count, digits);
        writer.Append("\neventfd-id: "u8);
        writer.AppendDecimal(file->Inode->Number);
        writer.Append("\neventfd-semaphore: "u8);
        writer.AppendDecimal(counter->IsSemaphore ? 1UL : 0);
        writer.Append((byte)'\n');
    }

    private void WriteTimer(TimerFile* timer, ref Utf8Writer writer)
    {
        writer.Append("clockid: "u8);
        writer.AppendDecimal((ulong)timer->Clock);
        writer.Append("\nticks: "u8);
        writer.AppendDecimal(timer->Ticks);
        writer.Append("\nsettime flags: 0"u8);
        writer.AppendOctal((ulong)timer->Flags);
        writer.Append("\nit_value: "u8);
        WriteTime(timers.Remaining(timer), ref writer);
        writer.Append("\nit_interval: "u8);
        WriteTime(timer->IntervalNanoseconds, ref writer);
        writer.Append((byte)'\n');
    }

    private static void WriteTime(ulong nanoseconds, ref Utf8Writer writer)
    {
        writer.Append((byte)'(');
        writer.AppendDecimal(nanoseconds / NanosecondsPerSecond);
        writer.Append(", "u8);
        writer.AppendDecimal(nanoseconds % NanosecondsPerSecond);
        writer.Append((byte)')');
    }
}
