using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Native;
using MfpClip.Pipeline;
using Microsoft.Extensions.Logging;

namespace MfpClip.References;

/// <summary>From images to entries of a bank. Each image is run alone, so that an entry does not depend on its neighbours.</summary>
internal sealed class ReferenceReader(IReferenceScheme scheme, InputSettings input, ILogger logger, ReferenceOptions options)
{
    /// <summary>Reads images that are not known yet. All unreadable ones are named in one error, before anything is computed.</summary>
    /// <param name="images">Normal images.</param>
    /// <param name="known">What is stored already.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <returns>Entries, the caller's own, and warnings about copies.</returns>
    public (List<ReferenceEntry> Entries, List<string> Warnings) Read(
        IReadOnlyList<ImageInput> images, IReadOnlyList<ReferenceEntry> known, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var entries = new List<ReferenceEntry>();
        var warnings = new List<string>();
        int done = 0;
        var seen = known.ToDictionary(k => k.Id, k => k.Name, StringComparer.Ordinal);
        var names = new ReferenceNames(known.Select(k => k.Name));
        try
        {
            foreach (var (image, pixels) in Decode(images, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                string id = ReferenceId.Of(pixels);
                if (seen.TryGetValue(id, out string? first))
                {
                    warnings.Add($"'{image.Name}' shows the same pixels as '{first}' and was left out.");
                }
                else
                {
                    string name = seen[id] = names.Take(image.Name, pixels.Width, pixels.Height);
                    entries.Add(ScalarFault.Retry(() => Extract(id, name, pixels, cancellationToken), logger));
                    scheme.Bound(entries, known.Count, options);
                    if (image.Name != name && !ReferenceNames.IsGeneral(image.Name))
                    {
                        warnings.Add($"More than one reference is named '{image.Name}': this one is stored as '{name}'.");
                    }
                }

                progress?.Report(++done);
            }

            return (entries, warnings);
        }
        catch
        {
            entries.ForEach(e => e.Dispose());
            throw;
        }
    }

    // Decoded twice, so that a bad file among many costs nothing and a hundred large photos are never held at once.
    private IEnumerable<(ImageInput Image, RgbImage Pixels)> Decode(IReadOnlyList<ImageInput> images, CancellationToken cancellationToken)
    {
        var unreadable = new List<string>();
        var kept = new RgbImage?[images.Count];
        for (int i = 0; i < images.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var pixels = input.Decode(images[i]);
                kept[i] = images[i].Stream is not null || images[i].Pixels is not null ? pixels : null;
            }
            catch (ImageDecodeException e)
            {
                unreadable.Add(e.Message);
            }
        }

        if (unreadable.Count > 0)
        {
            throw new ReferenceException(
                null, $"{unreadable.Count} of {images.Count} cannot be read, so nothing was stored: {string.Join(" | ", unreadable)}");
        }

        return images.Select((image, i) => (image, kept[i] ?? input.Decode(image)));
    }

    private ReferenceEntry Extract(string id, string name, RgbImage pixels, CancellationToken cancellationToken)
    {
        var entry = scheme.Read(id, name, pixels, input, options, new ForwardContext { CancellationToken = cancellationToken });
        using var scope = torch.NewDisposeScope();
        if (float.IsFinite(entry.Score) && entry.Map.All(float.IsFinite) && entry.Tensors.All(t => t.Value.isfinite().all().item<bool>()))
        {
            return entry;
        }

        entry.Dispose();
        throw new InferenceException(
            $"Reference '{name}': the forward pass gave values that are not finite. In float16 values can overflow: use bfloat16 or float32.");
    }
}
