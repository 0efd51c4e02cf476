namespace MfpClip.Output;

/// <summary>
/// What results of a run say for their readers (<see cref="AnomalyResult.Notices"/>), each sentence once with the number of images that it holds for.
/// </summary>
internal sealed class NoticeCounts
{
    // Sentences can hold an image's size: in a folder of many sizes each is another one.
    private const int Most = 20;

    private readonly Dictionary<string, int> _images = new(StringComparer.Ordinal);

    /// <summary>Takes the sentences of one image.</summary>
    public void Add(IEnumerable<string> notices)
    {
        foreach (string notice in notices.Distinct(StringComparer.Ordinal))
        {
            _images[notice] = _images.GetValueOrDefault(notice) + 1;
        }
    }

    /// <summary>Each sentence with its images, those of most images first; of very many the first ones.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            var lines = _images.OrderByDescending(n => n.Value).ThenBy(n => n.Key, StringComparer.Ordinal)
                .Select(n => $"{n.Value} image{(n.Value == 1 ? string.Empty : "s")}: {n.Key}").ToList();
            return lines.Count <= Most ? lines : [.. lines.Take(Most), $"{lines.Count - Most} more notices are in results.json."];
        }
    }
}
