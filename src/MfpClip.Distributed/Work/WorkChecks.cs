namespace MfpClip.Distributed;

/// <summary>Checks that every engine makes.</summary>
internal static class WorkChecks
{
    /// <exception cref="WorkException">The item has faults.</exception>
    public static void ThrowIfInvalid(WorkItem item)
    {
        if (item.Faults() is { Count: > 0 } faults)
        {
            throw new WorkException($"Work '{item.Job}' {item.Index}: {string.Join("; ", faults)}.");
        }
    }
}
