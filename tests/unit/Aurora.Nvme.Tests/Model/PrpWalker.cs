using System.Collections.Generic;

namespace Aurora.Nvme.Tests.Model;

/// <summary>Follows PRP entries and lists as a controller does (NVM Express 1.4 §4.3), refusing what the specification forbids.</summary>
public static unsafe class PrpWalker
{
    private const int Page = 4096;

    public static List<PrpRange> Resolve(ModelMemory memory, in SubmissionEntry command, int bytes)
    {
        var ranges = new List<PrpRange>();
        if (bytes == 0)
        {
            Require(command.Prp1 == 0 && command.Prp2 == 0, "a command without data has PRP entries");
            return ranges;
        }
        Require(command.Prp1 % 4 == 0, "PRP1 is not dword aligned");
        int first = int.Min(bytes, Page - (int)(command.Prp1 % Page));
        ranges.Add(new PrpRange(command.Prp1, first));
        int left = bytes - first;
        if (left == 0)
            Require(command.Prp2 == 0, "PRP2 is set but the transfer needs one page only");
        else if (left <= Page)
            AddPage(ranges, command.Prp2, ref left);
        else
            WalkList(memory, ranges, command.Prp2, left);
        foreach (PrpRange range in ranges)
            memory.At(range.Physical, (ulong)range.Bytes);
        return ranges;
    }

    private static void WalkList(ModelMemory memory, List<PrpRange> ranges, ulong list, int left)
    {
        Require(list % 8 == 0, "the PRP list is not qword aligned");
        while (left > 0)
        {
            ulong entry = *(ulong*)memory.At(list, 8);
            bool lastOfPage = list % Page == Page - 8;
            if (lastOfPage && left > Page)
            {
                Require(entry % Page == 0, "a chained PRP list does not start at a page");
                list = entry;
                continue;
            }
            AddPage(ranges, entry, ref left);
            list += 8;
        }
    }

    private static void AddPage(List<PrpRange> ranges, ulong physical, ref int left)
    {
        Require(physical % Page == 0, "a PRP entry after the first has an offset");
        int bytes = int.Min(left, Page);
        ranges.Add(new PrpRange(physical, bytes));
        left -= bytes;
    }

    private static void Require(bool condition, string violation)
    {
        if (!condition)
            throw new ProtocolViolationException(violation);
    }
}
