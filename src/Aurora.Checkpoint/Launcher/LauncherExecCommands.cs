// How the launcher has programs run in groups, in lines of the control channel. T is a number of its choice, which means the program until
// the launcher has it forgotten; numbers are not used again. From the launcher, each after "exec ":
//
//   T run wait|detached BYTES ARGUMENTS VARIABLES   a program, whose strings have so many bytes; ARGUMENTS is at least one
//   T text BASE64                                   the next of them: the group, its directory to begin in (empty for the root), the
//                                                   arguments and the variables, each with its NUL. With the last byte it is asked for
//   T show BYTES                                    so many more bytes of output are taken
//   T input BASE64                                  input, not more than there is room for
//   T end-input                                     there is no more
//   T forget                                        nobody is there any more: its streams are closed, and T means nothing
//
// To the launcher:
//
//   @exec T go                    there is a place: send the strings
//   @exec T room BYTES            so many more bytes of input are taken
//   @exec T closed                nobody reads the input any more: none need be sent
//   @exec T out|err BASE64        output, durable
//   @exec T began PID             detached: it has begun. This and what follows is the last thing that is told of it
//   @exec T ended STATUS          how it ended, as a shell says it
//   @exec T unstarted ERRNO       its process was there, and the program could not be loaded
//   @exec T failed ERRNO          it could not be made, or nothing is known of it any more; after "run" T means nothing then
//   @exec T refused REASON        a command was not obeyed, and has changed nothing
//
// Between the last thing told and "forget" input and what is taken of output may still be on their way; they are ignored.
using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Obeys what the launcher wants of its programs.</summary>
public sealed unsafe class LauncherExecCommands(LauncherExecTable table, LauncherExecs execs, LauncherLines lines)
{
    // More than the machine has, and little enough to be counted together.
    private const ulong MostWanted = 1UL << 62;

    /// <summary>Obeys a command, without its first word.</summary>
    public void Obey(ReadOnlySpan<byte> command)
    {
        ReadOnlySpan<byte> words = command;
        if (!TryTakeNumber(ref words, out ulong number) || number == 0)
        {
            lines.Write("control: exec wants a number, and what is to be done"u8);
            return;
        }
        ReadOnlySpan<byte> reason = Do(number, TakeWord(ref words), words);
        if (!reason.IsEmpty)
            lines.Refuse(number, reason);
    }

    // Why not; empty when it has been done.
    private ReadOnlySpan<byte> Do(ulong number, ReadOnlySpan<byte> verb, ReadOnlySpan<byte> words)
    {
        LauncherExec* place = table.Find(number);
        if (verb.SequenceEqual("run"u8))
            return place != null ? "the number is in use"u8 : Run(number, words);
        if (place == null)
            return "nothing has that number"u8;
        if (verb.SequenceEqual("text"u8))
            return AddText(place, words);
        if (verb.SequenceEqual("input"u8))
            return AddInput(place, words);
        if (verb.SequenceEqual("show"u8))
            return Want(place, words);
        if (!words.IsEmpty)
            return "too many words"u8;
        if (verb.SequenceEqual("end-input"u8))
            return EndInput(place);
        if (!verb.SequenceEqual("forget"u8))
            return "there is no such command"u8;
        execs.Forget(place);
        return default;
    }

    private ReadOnlySpan<byte> Run(ulong number, ReadOnlySpan<byte> words)
    {
        ReadOnlySpan<byte> how = TakeWord(ref words);
        bool isDetached = how.SequenceEqual("detached"u8);
        if ((!isDetached && !how.SequenceEqual("wait"u8)) || !TryTakeCount(ref words, out int bytes)
            || !TryTakeCount(ref words, out int arguments) || !TryTakeCount(ref words, out int variables) || !words.IsEmpty
            || bytes == 0 || arguments == 0)
            return "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES"u8;
        Errno error = table.Begin(number, isDetached, bytes, arguments, variables);
        if (error == Errno.Ok)
            lines.Tell(number, "go"u8);
        else
            lines.Tell(number, "failed"u8, (long)error);
        return default;
    }

    private static ReadOnlySpan<byte> AddText(LauncherExec* place, ReadOnlySpan<byte> text)
    {
        if (place->Phase != LauncherExecPhase.Collecting)
            return "all strings are there"u8;
        var room = new Span<byte>(place->Text + place->TextArrived, place->TextBytes - place->TextArrived);
        if (!Base64Text.TryRead(text, room, out int bytes) || bytes == 0)
            return "text wants as much base64 as has been announced"u8;
        if (bytes == room.Length && !IsWhole(place))
            return "the strings are not as many as has been announced"u8;
        place->TextArrived += bytes;
        if (bytes == room.Length)
            place->Phase = LauncherExecPhase.Asking;
        return default;
    }

    private static bool IsWhole(LauncherExec* place)
    {
        const int GroupAndDirectory = 2;
        ReadOnlySpan<byte> text = new(place->Text, place->TextBytes);
        return text[^1] == 0 && text.Count((byte)0) == (long)GroupAndDirectory + place->ArgumentCount + place->EnvironmentCount;
    }

    private static ReadOnlySpan<byte> AddInput(LauncherExec* place, ReadOnlySpan<byte> text)
    {
        if (place->Phase == LauncherExecPhase.Told || place->IsInputOver)
            return default;
        if (place->HasInputEnded)
            return "the input has ended"u8;
        MoveDown(place);
        var room = new Span<byte>(place->Input + place->InputEnd, place->Room);
        if (!Base64Text.TryRead(text, room, out int bytes) || bytes == 0)
            return "input wants base64, not more than there is room for"u8;
        place->InputEnd += bytes;
        place->Room -= bytes;
        return default;
    }

    // What waits and what may come fit into the page together.
    private static void MoveDown(LauncherExec* place)
    {
        int waiting = place->InputWaiting;
        new Span<byte>(place->Input + place->InputStart, waiting).CopyTo(new Span<byte>(place->Input, waiting));
        place->InputStart = 0;
        place->InputEnd = waiting;
        Panic.Unless(waiting + place->Room <= LauncherExecTable.InputBytes, "launcher: more room was told than there is"u8);
    }

    private static ReadOnlySpan<byte> EndInput(LauncherExec* place)
    {
        if (place->HasInputEnded)
            return "the input has ended"u8;
        if (place->IsDetached)
            return "it has no input"u8;
        place->HasInputEnded = true;
        return default;
    }

    private static ReadOnlySpan<byte> Want(LauncherExec* place, ReadOnlySpan<byte> words)
    {
        if (!TryTakeNumber(ref words, out ulong bytes) || !words.IsEmpty || bytes > MostWanted || place->Wanted > MostWanted)
            return "show wants BYTES"u8;
        place->Wanted += bytes;
        return default;
    }

    private static ReadOnlySpan<byte> TakeWord(ref ReadOnlySpan<byte> words)
    {
        int space = words.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = space < 0 ? words : words[..space];
        words = space < 0 ? default : words[(space + 1)..];
        return word;
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<byte> words, out ulong number)
    {
        ReadOnlySpan<byte> word = TakeWord(ref words);
        return Utf8Parser.TryParse(word, out number, out int used) && used == word.Length;
    }

    private static bool TryTakeCount(ref ReadOnlySpan<byte> words, out int count)
    {
        bool isNumber = TryTakeNumber(ref words, out ulong number) && number <= int.MaxValue;
        count = isNumber ? (int)number : 0;
        return isNumber;
    }
}
