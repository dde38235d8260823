using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

/// <summary>The list of groups: as a table, as names only, or as JSON.</summary>
internal static unsafe class GroupReports
{
    private const int LineBytes = 512;
    private const long NoEntry = -2;

    private enum Form
    {
        Table,
        Names,
        Json,
    }

    /// <summary>ps [-q] [-o json].</summary>
    public static int List(ref Arguments arguments)
    {
        Form form = Form.Table;
        while (arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            byte* value = option.SequenceEqual("-o"u8) ? arguments.Take() : null;
            if (option.SequenceEqual("-q"u8))
                form = Form.Names;
            else if (value != null && MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value).SequenceEqual("json"u8))
                form = Form.Json;
            else
                return SlsCommand.Usage(2);
        }
        return arguments.Left != 0 ? SlsCommand.Usage(2) : List(form);
    }

    /// <summary>There is a group with this name or number.</summary>
    public static bool Exists(ReadOnlySpan<byte> name)
    {
        bool isNumber = System.Buffers.Text.Utf8Parser.TryParse(name, out ulong number, out int used) && used == name.Length;
        SlsGroup group;
        for (int index = 0; GuestCalls.Group(index, &group) >= 0; index++)
        {
            if (isNumber ? group.Id == number : NameOf(&group).SequenceEqual(name))
                return true;
        }
        return false;
    }

    private static int List(Form form)
    {
        Span<byte> buffer = stackalloc byte[LineBytes];
        var output = new Output(buffer);
        if (form == Form.Table)
            Heading(ref output, buffer);
        SlsGroup group;
        long result;
        for (int index = 0; (result = GuestCalls.Group(index, &group)) >= 0; index++)
        {
            if (form == Form.Json)
                Json(ref output, &group, index == 0);
            else if (form == Form.Names)
                output.Text(NameOf(&group));
            else
                Row(ref output, &group);
            output.End(buffer);
        }
        if (result != NoEntry)
            return SlsCommand.Fail("ps"u8, result);
        if (form == Form.Json)
        {
            output.Text("]"u8);
            output.End(buffer);
        }
        return 0;
    }

    private static ReadOnlySpan<byte> NameOf(SlsGroup* group) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group->Name);

    private static void Heading(ref Output output, Span<byte> buffer)
    {
        output.Text("ID"u8);
        output.Column(5);
        output.Text("GROUP"u8);
        output.Column(17);
        output.Text("STATE"u8);
        output.Column(12);
        output.Text("PROCESSES"u8);
        output.Column(11);
        output.Text("EPOCH"u8);
        output.Column(9);
        output.Text("DURABLE"u8);
        output.Column(9);
        output.Text("PERIOD"u8);
        output.End(buffer);
    }

    private static void Row(ref Output output, SlsGroup* group)
    {
        output.Number(group->Id);
        output.Column(5);
        output.Text(NameOf(group));
        output.Column(17);
        output.Text(StateOf(group->State));
        if (group->State == SlsGroup.StateEnded)
            Status(ref output, group->WaitStatus);
        output.Column(12);
        output.Number(group->Processes);
        output.Column(11);
        output.Number(group->CapturedEpoch);
        output.Column(9);
        output.Number(group->DurableEpoch);
        output.Column(9);
        output.Duration(group->PeriodNanoseconds);
    }

    // As a shell reports it.
    private static void Status(ref Output output, int waitStatus)
    {
        output.Text(" "u8);
        output.Number((ulong)ExitStatusOf(waitStatus));
    }

    private static int ExitStatusOf(int waitStatus) => (waitStatus & 0x7F) == 0 ? (waitStatus >> 8) & 0xFF : 128 + (waitStatus & 0x7F);

    // Names need no quoting: they have letters, digits, '.', '_' and '-'.
    private static void Json(ref Output output, SlsGroup* group, bool isFirst)
    {
        output.Text(isFirst ? "[{"u8 : ",{"u8);
        output.Text("\"id\":"u8);
        output.Number(group->Id);
        output.Text(",\"name\":\""u8);
        output.Text(NameOf(group));
        output.Text("\",\"state\":\""u8);
        output.Text(StateOf(group->State));
        output.Text("\""u8);
        if (group->State == SlsGroup.StateEnded)
        {
            output.Text(",\"status\":"u8);
            output.Number((ulong)ExitStatusOf(group->WaitStatus));
        }
        Field(ref output, ",\"processes\":"u8, group->Processes);
        Field(ref output, ",\"threads\":"u8, group->Threads);
        Field(ref output, ",\"epoch\":"u8, group->CapturedEpoch);
        Field(ref output, ",\"durable\":"u8, group->DurableEpoch);
        Field(ref output, ",\"periodNanoseconds\":"u8, group->PeriodNanoseconds);
        output.Text("}"u8);
    }

    private static void Field(ref Output output, ReadOnlySpan<byte> name, ulong value)
    {
        output.Text(name);
        output.Number(value);
    }

    private static ReadOnlySpan<byte> StateOf(uint state) => state switch
    {
        SlsGroup.StatePersisted => "ok"u8,
        SlsGroup.StateEphemeral => "ephemeral"u8,
        SlsGroup.StateFull => "full"u8,
        SlsGroup.StatePaused => "paused"u8,
        SlsGroup.StateSuspended => "suspended"u8,
        SlsGroup.StateEnded => "ended"u8,
        SlsGroup.StateStarting => "starting"u8,
        SlsGroup.StateBroken => "broken"u8,
        SlsGroup.StateSaved => "saved"u8,
        _ => "failed"u8,
    };
}
