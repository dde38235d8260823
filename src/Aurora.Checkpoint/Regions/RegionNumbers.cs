// The numbers of the persists of a region, and what has become of each. No two persists there ever were of a region have the same number,
// whatever the power has taken. What makes that so:
//
//   A number is given only while it is at most Reach above one that the store has durably (Committed).
//   Numbers of an opening begin Reach above the newest number that the store has (Base), so above all that were given before.
//   So nothing can be given until a commit with such a number is durable. That is a commit which changes no page: it opens. It is made when
//   somebody persists for the first time, and again when so many have been refused that Reach is used up.
//
// Up to the last durable one all persists of this opening are durable but those that were refused; what was refused together is one
// stretch, and the newest of these are known. The record says of which numbers on none was refused (Sound), and with a durable persist all
// are durable that were taken before it and not refused; so of the last opening it is known of the newest. Of others only the last persist
// is known to be durable.
using System;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Numbers of persists: the next one, and what became of one.</summary>
internal static unsafe class RegionNumbers
{
    /// <summary>How far numbers may be ahead of what is durable.</summary>
    public const ulong Reach = 1 << 16;

    /// <summary>A region comes into memory, and the newest commit of its volume has a number.</summary>
    public static void Begin(RegionEntry* entry, ulong last)
    {
        entry->AtOpening = entry->Durable = entry->Submitted = entry->Record.StateOf(last);
        entry->Memory.Taken = entry->AtOpening;
        entry->SoundAtOpening = entry->Record.Sound;
        entry->RefusedThrough = 0;
        entry->Committed = last;
        entry->Base = entry->Given = Math.Max(last + Reach, entry->Given);
        entry->IsBeingOpened = false;
        entry->OpeningError = Errno.Ok;
        entry->RefusalCount = 0;
        entry->ForgottenThrough = 0;
    }

    /// <summary>A persist may get a number without a commit that opens.</summary>
    public static bool MayGive(RegionEntry* entry) => entry->Given < entry->Committed + Reach;

    /// <summary>A number that no state of the region has had.</summary>
    public static ulong Next(RegionEntry* entry) => ++entry->Given;

    /// <summary>
    /// A number that no state of a region that is not in memory has had, or can have had: its volume's newest commit has this one.
    /// </summary>
    public static ulong NextBeyond(RegionEntry* entry, ulong last) => entry->Given = Math.Max(last + Reach, entry->Given) + 1;

    /// <summary>The state with a number is durable.</summary>
    public static void NoteDurable(RegionEntry* entry, ulong number)
    {
        entry->Durable = Math.Max(entry->Durable, number);
        entry->Submitted = Math.Max(entry->Submitted, number);
        entry->Committed = Math.Max(entry->Committed, number);
    }

    /// <summary>
    /// Ok: durable. EAGAIN: on its way. EINVAL: there was none. ECANCELED: lost with the machine. ESTALE: it is so old that it is not known
    /// any more. Any other: why it was refused.
    /// </summary>
    public static Errno StateOf(RegionEntry* entry, ulong number)
    {
        if (number == entry->AtOpening)
            return Errno.Ok;
        if (number < entry->AtOpening)
            return number > entry->SoundAtOpening ? Errno.Ok : Errno.ESTALE;
        if (number <= entry->Base)
            return Errno.ECANCELED;
        if (number > entry->Given || number == entry->Record.Opened)
            return Errno.EINVAL;
        for (int i = 0; i < entry->RefusalCount; i++)
        {
            RegionRefusal refusal = entry->Refusals[i];
            if (number >= refusal.First && number <= refusal.Last)
                return refusal.Error;
        }
        if (number <= entry->ForgottenThrough)
            return Errno.ESTALE;
        return number <= entry->Durable ? Errno.Ok : Errno.EAGAIN;
    }

    /// <summary>Persists from one to another were refused.</summary>
    public static void Refuse(RegionEntry* entry, ulong first, ulong last, Errno error)
    {
        entry->RefusedThrough = Math.Max(entry->RefusedThrough, last);
        int newest = entry->RefusalCount - 1;
        if (newest >= 0 && entry->Refusals[newest].Error == error && entry->Refusals[newest].Last + 1 == first)
        {
            entry->Refusals[newest].Last = last;
            return;
        }
        if (entry->RefusalCount == RegionEntry.KnownRefusals)
        {
            entry->ForgottenThrough = Math.Max(entry->ForgottenThrough, entry->Refusals[0].Last);
            for (int i = 1; i < RegionEntry.KnownRefusals; i++)
                entry->Refusals[i - 1] = entry->Refusals[i];
            entry->RefusalCount--;
        }
        entry->Refusals[entry->RefusalCount++] = new RegionRefusal { First = first, Last = last, Error = error };
    }
}
