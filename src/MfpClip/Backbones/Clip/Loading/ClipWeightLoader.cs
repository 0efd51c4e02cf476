using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Clip.Loading;

/// <summary>
/// Brings a file's tensors into a model, one at a time, so that no second copy of the file is ever in memory: the peak is the model in its
/// precision and the largest tensor.
/// </summary>
internal static class ClipWeightLoader
{
    private const string Damaged = "The file is damaged; get it again.";

    /// <exception cref="WeightsMismatchException">Lists every tensor that is missing, unexpected or of the wrong shape.</exception>
    public static ParameterSet Load(
        IWeightFile file, ClipTensorNames names, ClipConfig config, Device device, ScalarType precision, CancellationToken cancellationToken)
    {
        var shapes = ClipShapes.Of(config).ToList();
        Check(file, names, shapes);
        var parameters = new ParameterSet();
        try
        {
            using var guard = torch.no_grad();
            foreach (var (name, shape) in shapes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                parameters.Add(name, Read(file, names.Origins[name], shape, device, precision));
            }

            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    private static Tensor Read(IWeightFile file, TensorOrigin origin, long[] shape, Device device, ScalarType precision)
    {
        if (origin is { Sources: [var only], Transposed: false } && file.Tensors[only].Type == precision && device.type == DeviceType.CPU)
        {
            return file.ReadFinite(only, Damaged).reshape(shape);
        }

        // The place first, what is read for it after: the allocator then gets its temporary memory back whole.
        var place = torch.empty(shape, precision, device);
        var target = origin.Transposed ? place.t() : place;
        long at = 0;
        foreach (string source in origin.Sources)
        {
            using var scope = torch.NewDisposeScope();
            var part = file.ReadFinite(source, Damaged);
            var slot = origin.Sources.Count == 1 ? target : target.narrow(0, at, part.shape[0]);
            slot.copy_(part.reshape(slot.shape));
            at += part.dim() > 0 ? part.shape[0] : 0;
        }

        return place;
    }

    private static void Check(IWeightFile file, ClipTensorNames names, List<(string Name, long[] Shape)> shapes)
    {
        var check = new ShapeCheck(file);
        foreach (var (name, shape) in shapes)
        {
            if (!names.Origins.TryGetValue(name, out var origin))
            {
                check.Missing(name);
                continue;
            }

            var part = shape.ToArray();
            if (origin.Sources.Count > 1)
            {
                part[0] /= origin.Sources.Count;
            }

            foreach (string source in origin.Sources)
            {
                // A single number may be stored with any number of dimensions.
                bool single = shape.Length == 0 && file.Tensors.TryGetValue(source, out var found) && found.Count == 1;
                check.Compare(source, name, single ? file.Tensors[source].Shape : origin.Transposed ? [.. part.Reverse()] : part);
            }
        }

        var known = shapes.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        check.Finish(names.Unknown.Concat(names.Origins.Where(o => !known.Contains(o.Key)).SelectMany(o => o.Value.Sources)));
    }
}
