/** What a tutorial builds: Express, hydrated documents of Mongoose, and a look at the user on each request. */
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import jwt from 'jsonwebtoken';
import mongoose from 'mongoose';
import { TaskModel } from '../../src/features/tasks/tasks.model.ts';
import { UserModel } from '../../src/features/users/users.model.ts';

const { MONGODB_URI = '', PORT = '', JWT_SECRET = '' } = process.env;
const priorities = ['low', 'medium', 'high', 'urgent'];

interface Given {
  title: string;
  description: string;
  priority: string;
  dueDate: string;
  labels: string[];
}

type Work = (req: Request, res: Response, next: NextFunction) => Promise<void>;

/** Express itself takes care of a promise that is rejected. */
function handler(work: Work): RequestHandler {
  return (req, res, next) => work(req, res, next);
}

const authenticate = handler(async (req, res, next) => {
  const token = req.headers.authorization?.split(' ')[1] ?? '';
  const claims = jwt.verify(token, JWT_SECRET) as jwt.JwtPayload;
  const user = await UserModel.findById(claims.sub);
  if (!user) throw new Error('no such user');
  res.locals['user'] = user;
  next();
});

const app = express();
app.use(express.json());
app.get('/readyz', (_req, res) => {
  res.json({ status: 'ok' });
});
app.use('/api/v1/tasks', authenticate);

app.get(
  '/api/v1/tasks',
  handler(async (_req, res) => {
    const { _id: ownerId } = res.locals['user'] as { _id: mongoose.Types.ObjectId };
    const tasks = await TaskModel.find({ ownerId }).sort({ createdAt: -1 }).limit(20);
    res.json({ data: tasks });
  }),
);

app.get(
  '/api/v1/tasks/:id',
  handler(async (req, res) => {
    const { _id: ownerId } = res.locals['user'] as { _id: mongoose.Types.ObjectId };
    const task = await TaskModel.findOne({ _id: req.params.id, ownerId });
    res.status(task ? 200 : 404).json(task);
  }),
);

app.post(
  '/api/v1/tasks',
  handler(async (req, res) => {
    const { _id: ownerId } = res.locals['user'] as { _id: mongoose.Types.ObjectId };
    const { title, description, priority, dueDate, labels } = req.body as Given;
    const now = new Date();
    const task = await TaskModel.create({
      ownerId,
      projectId: ownerId,
      rank: now.getTime().toString(36),
      title,
      titleKey: title.toLowerCase(),
      words: [],
      description,
      status: 'todo',
      priority: priorities.indexOf(priority),
      deadline: dueDate,
      allDay: false,
      labels,
      createdAt: now,
      updatedAt: now,
      version: 1,
    });
    res.status(201).json(task);
  }),
);

await mongoose.connect(MONGODB_URI);
app.listen(Number(PORT), '127.0.0.1');
