namespace MfpClip.Distributed;

/// <summary>What became of one place of a job: a result, a reason, or neither yet.</summary>
/// <param name="Item">The work.</param>
/// <param name="Result">Its result.</param>
/// <param name="Dead">Why it was given up.</param>
public sealed record JobOutcome(WorkItem Item, WorkResult? Result, DeadItem? Dead)
{
    /// <summary>Whether neither is there yet.</summary>
    public bool IsPending => Result is null && Dead is null;

    /// <summary>
    /// The outcome as a detector gives it, under the name that the image was submitted with: <see cref="AnomalyResult.ImageMap"/> is the reduced map.
    /// </summary>
    /// <exception cref="WorkException">It is pending, or the map is damaged.</exception>
    public DetectionOutcome ToDetection()
    {
        string name = ImageNames.Of(Item.Image);
        if (Result is { } found)
        {
            return new() { ImageName = name, Result = found.Result with { ImageName = name, ImageMap = found.Map?.ToMap() ?? found.Result.ImageMap } };
        }

        string reason = Dead?.Reason ?? throw new WorkException($"Image '{name}' has no result yet.");
        return new()
        {
            ImageName = name, Error = new WorkException(reason.Contains(name, StringComparison.Ordinal) ? reason : $"Image '{name}': {reason}"),
        };
    }
}
